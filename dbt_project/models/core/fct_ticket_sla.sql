{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        is_read_by_day=true,
        dated_by=["to_char(judged_on, 'YYYYMMDD')::integer"],
        told_by=['ticket_key', 'customer_key', 'team_key', 'priority_code', 'state', 'judged_on'],
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with clocks as (
    select * from {{ ref('int_ticket__sla_clocks') }}
    where {{ in_tickets_to_rebuild() }}
),

intervals as (
    select * from {{ ref('int_ticket__status_intervals') }}
    where stage_class <> 'closed' and {{ in_tickets_to_rebuild() }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

-- every milestone cuts an interval, so a clock runs on whole ones; the first may be empty. A clock is carried
-- along: joined again by its three keys, of which the planner thinks apart, it would be looked for row by row
ran as (
    select
        clocks.*,
        intervals.interval_number,
        intervals.calendar_key,
        intervals.calendar_clock_from,
        intervals.is_paused as stands_still,
        case
            when intervals.is_paused or intervals.valid_from >= clocks.ends_at then 0 else intervals.business_seconds
        end as interval_business_seconds,
        case
            when intervals.is_paused or intervals.valid_from >= clocks.ends_at then 0 else intervals.calendar_seconds
        end as interval_calendar_seconds
    from clocks
    inner join intervals
        on
            clocks.ticket_id = intervals.ticket_id
            and clocks.starts_at <= intervals.valid_from
            and (clocks.ends_at > intervals.valid_from or clocks.starts_at = intervals.valid_from)
),

added_up as (
    select
        *,
        sum(interval_business_seconds) over so_far as business_seconds_so_far,
        sum(interval_business_seconds) over whole_clock as business_seconds,
        sum(interval_calendar_seconds) over whole_clock as calendar_seconds,
        last_value(stands_still) over whole_clock as stands_still_at_end
    from ran
    window
        so_far as (partition by ticket_id, sla_policy_key, applied_at order by interval_number),
        whole_clock as (
            partition by ticket_id, sla_policy_key, applied_at
            order by interval_number
            rows between unbounded preceding and unbounded following
        )
),

-- where the target was reached, or from where it would have been
reaching as (
    select distinct on (ticket_id, sla_policy_key, applied_at) *
    from added_up
    order by
        ticket_id,
        sla_policy_key,
        applied_at,
        stands_still,
        business_seconds_so_far < target_seconds,
        case when business_seconds_so_far < target_seconds then -interval_number else interval_number end
),

timed as (
    select
        *,
        is_running and stands_still_at_end as is_paused,
        case
            when not stands_still
                then {{ moment_of_open_seconds(
                    'reaching.calendar_key',
                    '(reaching.calendar_clock_from + reaching.target_seconds'
                    ~ ' - reaching.business_seconds_so_far + reaching.interval_business_seconds)'
                ) }}
        end as deadline_at,
        case
            when is_reported_met then 'met'
            when finished_at is not null then 'breached'
            when is_running then 'running'
            else 'cancelled'
        end as reported_state
    from reaching
),

judged as (
    select
        *,
        {{ sla_state('business_seconds') }} as state,
        {{ sla_state('calendar_seconds') }} as calendar_state
    from timed
)

select
    {{ surrogate_key('odoo.ticket_sla', [
        'judged.ticket_id', 'judged.sla_policy_key', 'extract(epoch from judged.applied_at)'
    ]) }} as ticket_sla_key,
    {{ surrogate_key('odoo.tickets', 'judged.ticket_id') }} as ticket_key,
    judged.ticket_id,
    judged.sla_policy_key,
    judged.sla_policy_version_key,
    parties.customer_key,
    coalesce({{ surrogate_key('odoo.ticket_teams', 'judged.team_id') }}, -2) as team_key,
    judged.priority_code,
    judged.metric,
    judged.target_seconds,
    judged.applied_at,
    judged.starts_at,
    judged.finished_at,
    nullif(judged.ends_at, 'infinity') as ended_at,
    judged.business_seconds::numeric(20, 6) as elapsed_business_seconds,
    judged.calendar_seconds::numeric(20, 6) as elapsed_calendar_seconds,
    case when judged.state <> 'paused' then judged.deadline_at end as deadline_at,
    case when judged.state in ('breached', 'overdue') then judged.deadline_at end as breached_at,
    {{ local_date(
        "case"
        ~ " when judged.state in ('met', 'breached', 'overdue') then coalesce(judged.deadline_at, judged.finished_at)"
        ~ " when not judged.is_running then judged.ends_at end",
        "coalesce(customers.time_zone, 'UTC')"
    ) }} as judged_on,
    judged.state,
    judged.calendar_state
from judged
inner join parties on judged.ticket_id = parties.ticket_id
left join customers on parties.customer_key = customers.customer_key
