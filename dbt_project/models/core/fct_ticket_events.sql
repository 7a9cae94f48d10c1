{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        is_read_by_day=true,
        dated_by=["to_char(event_on, 'YYYYMMDD')::integer"],
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with changes as (
    select * from {{ ref('int_ticket__changes') }}
    where {{ in_tickets_to_rebuild() }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
)

select
    {{ surrogate_key('odoo.ticket_events', [
        'changes.ticket_id', 'changes.event_kind', 'changes.change_id'
    ]) }} as ticket_event_key,
    {{ surrogate_key('odoo.tickets', 'changes.ticket_id') }} as ticket_key,
    changes.ticket_id,
    changes.change_number as event_number,
    changes.event_kind,
    changes.changed_at as event_at,
    {{ date_key('changes.changed_at') }} as date_key,
    {{ local_date('changes.changed_at', "coalesce(customers.time_zone, 'UTC')") }} as event_on,
    parties.customer_key,
    coalesce({{ surrogate_key('odoo.ticket_teams', 'changes.team_id') }}, -2) as team_key,
    changes.priority_code,
    coalesce({{ surrogate_key('odoo.users', 'changes.user_id') }}, -2) as user_key,
    case when changes.event_kind in ('moved', 'closed', 'reopened') then changes.old_value end as from_stage_id,
    case
        when changes.event_kind in ('created', 'moved', 'closed', 'reopened') then changes.new_value
    end as to_stage_id,
    case when changes.event_kind = 'prioritised' then changes.old_value::text end as from_priority_code,
    case
        when changes.event_kind = 'assigned' then coalesce({{ surrogate_key('odoo.users', 'changes.old_value') }}, -2)
    end as from_user_key,
    case
        when changes.event_kind = 'transferred'
            then coalesce({{ surrogate_key('odoo.ticket_teams', 'changes.old_value') }}, -2)
    end as from_team_key,
    changes.is_derived
from changes
inner join parties on changes.ticket_id = parties.ticket_id
left join customers on parties.customer_key = customers.customer_key
