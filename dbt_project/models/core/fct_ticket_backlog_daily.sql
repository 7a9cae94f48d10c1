{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        is_read_by_day=true,
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with intervals as (
    select * from {{ ref('int_ticket__status_intervals') }}
    where {{ in_tickets_to_rebuild() }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

changes as (
    select * from {{ ref('int_ticket__changes') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

-- after the last thing the helpdesk said nothing is known, not even that the backlog stayed
horizon as (
    select least(max(last_at), {{ as_of() }}) as last_at
    from (
        select max(updated_at) as last_at from tickets
        union all
        select max(changed_at) as last_at from changes
    ) as last_moments
),

placed as (
    select
        intervals.*,
        parties.customer_key,
        coalesce(customers.time_zone, 'UTC') as time_zone,
        tickets.created_at,
        row_number() over (partition by intervals.ticket_id order by intervals.interval_number desc) = 1 as is_last
    from intervals
    inner join tickets on intervals.ticket_id = tickets.ticket_id
    inner join parties on intervals.ticket_id = parties.ticket_id
    left join customers on parties.customer_key = customers.customer_key
),

-- the state that ended no earlier than 24:00 counts; a change at 24:00 itself is the next day's
days as (
    select
        placed.*,
        generate_series(
            {{ local_date('placed.valid_from', 'placed.time_zone') }}::timestamp,
            case
                when placed.is_last then {{ local_date('horizon.last_at', 'placed.time_zone') }}
                else {{ local_date('placed.valid_to', 'placed.time_zone') }} - 1
            end::timestamp,
            interval '1 day'
        )::date as date_day
    from placed
    cross join horizon
    where placed.stage_class <> 'closed'
)

select
    {{ surrogate_key('odoo.ticket_backlog', ['days.ticket_id', "to_char(days.date_day, 'YYYYMMDD')"]) }}
        as ticket_backlog_key,
    to_char(days.date_day, 'YYYYMMDD')::integer as date_key,
    days.date_day,
    {{ surrogate_key('odoo.tickets', 'days.ticket_id') }} as ticket_key,
    days.ticket_id,
    days.customer_key,
    coalesce({{ surrogate_key('odoo.ticket_teams', 'days.team_id') }}, -2) as team_key,
    coalesce({{ surrogate_key('odoo.users', 'days.user_id') }}, -2) as user_key,
    days.priority_code,
    coalesce(stages.stage_name, 'unknown') as stage,
    days.stage_class,
    days.date_day - {{ local_date('days.created_at', 'days.time_zone') }} as age_days
from days
left join stages on days.stage_id = stages.stage_id
