with timesheets as (
    select * from {{ ref('stg_odoo__timesheets') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

rates as (
    select * from {{ ref('dim_rate') }}
    where rate = 'labour'
),

partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
)

select
    {{ surrogate_key('odoo.timesheets', 'timesheets.timesheet_id') }} as timesheet_key,
    timesheets.timesheet_id,
    to_char(timesheets.worked_on, 'YYYYMMDD')::integer as date_key,
    timesheets.worked_on,
    coalesce({{ surrogate_key('odoo.tickets', 'parties.ticket_id') }}, -2) as ticket_key,
    coalesce({{ surrogate_key('odoo.users', 'timesheets.user_id') }}, -1) as user_key,
    coalesce(
        parties.customer_key,
        {{ surrogate_key('odoo.partners', 'coalesce(partners.commercial_partner_id, timesheets.partner_id)') }},
        -2
    ) as customer_key,
    timesheets.minutes,
    round(timesheets.minutes * rates.amount / 60, 4) as cost,
    rates.currency
from timesheets
left join parties on timesheets.ticket_id = parties.ticket_id
left join partners on timesheets.partner_id = partners.partner_id
left join rates on timesheets.worked_on between rates.valid_from and rates.valid_to
