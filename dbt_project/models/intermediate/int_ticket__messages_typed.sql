{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with messages as (
    select * from {{ ref('stg_odoo__mail_messages') }}
    where record_model = 'helpdesk.ticket' and {{ in_tickets_to_rebuild() }}
),

tickets as (
    {{ of_tickets_to_rebuild(ref('stg_odoo__tickets')) }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
    where {{ in_tickets_to_rebuild() }}
),

users as (
    select * from {{ ref('int_user__kinds') }}
),

-- a contact with several logins is of the staff if any of them is
authors as (
    select
        partner_id,
        min(user_kind) as user_kind,
        min(user_id) as user_id
    from users
    group by partner_id
),

typed as (
    select
        messages.message_id,
        messages.ticket_id,
        messages.sent_at,
        case
            when messages.message_type not in ('email', 'comment', 'email_outgoing') then 'bot'
            when messages.author_partner_id is null or authors.user_kind = 'bot' then 'bot'
            when authors.user_kind = 'agent' then 'agent'
            else 'customer'
        end as author_class,
        authors.user_id,
        not messages.is_internal as is_public,
        messages.sent_at >= tickets.created_at and not parties.is_opened_by_agent as may_respond
    from messages
    inner join tickets on messages.ticket_id = tickets.ticket_id
    inner join parties on messages.ticket_id = parties.ticket_id
    left join authors on messages.author_partner_id = authors.partner_id
),

marked as (
    select
        message_id,
        ticket_id,
        sent_at,
        author_class,
        case when author_class = 'agent' then user_id end as agent_user_id,
        is_public,
        author_class = 'agent' and is_public and may_respond
        and row_number() over (
            partition by ticket_id, author_class = 'agent' and is_public and may_respond
            order by sent_at, message_id
        ) = 1 as is_first_response
    from typed
)

select * from marked
