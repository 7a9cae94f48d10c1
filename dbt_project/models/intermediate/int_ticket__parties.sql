with tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

users as (
    select * from {{ ref('int_user__kinds') }}
),

-- deleted contacts too: their tickets stay
partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
),

logins as (
    select
        partner_id,
        min(user_id) as user_id
    from users
    where user_kind <> 'bot'
    group by partner_id
)

select
    tickets.ticket_id,
    tickets.company_id,
    coalesce(
        {{ surrogate_key('odoo.partners', 'coalesce(partners.commercial_partner_id, tickets.partner_id)') }}, -1
    ) as customer_key,
    case
        when tickets.partner_id is null then -1
        when partners.is_company then -2
        else coalesce(
            {{ surrogate_key('odoo.users', 'logins.user_id') }},
            {{ surrogate_key('odoo.contacts', 'tickets.partner_id') }}
        )
    end as requester_key,
    coalesce({{ surrogate_key('odoo.users', 'tickets.opened_by_user_id') }}, -1) as opened_by_key,
    coalesce(openers.user_kind = 'agent', false) as is_opened_by_agent
from tickets
left join partners on tickets.partner_id = partners.partner_id
left join logins on tickets.partner_id = logins.partner_id
left join users as openers on tickets.opened_by_user_id = openers.user_id
