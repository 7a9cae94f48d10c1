{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=[
            'fct_tickets', 'fct_ticket_events', 'fct_ticket_backlog_daily', 'fct_ticket_sla', 'infrastructure_summary_daily'
        ],
        names_of={'customer_name': 'dim_customer.customer_name', 'team': 'dim_team.team_name'},
        pre_hook='{{ forget_changed_days(days_of_what_stands()) }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

{%- set sla_states = [
    'met', 'breached', 'overdue', 'at_risk', 'running', 'paused', 'superseded', 'superseded_at_risk', 'cancelled'
] -%}
{%- set clocks = [
    'first_response', 'first_response_business',
    'first_resolution', 'first_resolution_business',
    'last_resolution', 'last_resolution_business'
] -%}
{%- set is_duration = "measure in ('age', '" ~ clocks | join("', '") ~ "')" -%}
{%- set sla_outcome -%}
    case when slas.state = 'met' then 'sla_met' when slas.state in ('breached', 'overdue') then 'sla_missed' end
{%- endset -%}

with tickets as (
    select * from {{ ref('fct_tickets') }}
),

every_event as (
    select * from {{ ref('fct_ticket_events') }}
),

ticket_events as (
    select * from every_event
    where event_kind in ('created', 'closed', 'reopened')
),

backlog as (
    select * from {{ ref('fct_ticket_backlog_daily') }}
),

slas as (
    select * from {{ ref('fct_ticket_sla') }}
),

predicted_days as (
    select * from {{ ref('infrastructure_summary_daily') }}
    where incident_scored_devices > 0 and {{ in_changed_days() }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

teams as (
    select * from {{ ref('dim_team') }}
),

observed_days as (
    select
        customer_key,
        max(date_day) as date_day
    from (
        select
            customer_key,
            event_on as date_day
        from ticket_events
        union all
        select
            customer_key,
            date_day
        from backlog
    ) as observed
    group by customer_key
),

-- the local day on which the helpdesk last said anything
last_days as (
    select
        observed_days.customer_key,
        greatest(
            observed_days.date_day,
            {{ local_date('last_event.event_at', "coalesce(customers.time_zone, 'UTC')") }}
        ) as date_day
    from observed_days
    cross join (select max(event_at) as event_at from every_event) as last_event
    left join customers on observed_days.customer_key = customers.customer_key
),

-- answers count on the day a ticket came, solutions on that of its first closing, final ones and costs on
-- that of its last, each under the team and priority of that moment
milestones as (
    select
        *,
        case
            when event_kind = 'created' then 'created'
            when event_kind = 'closed' and lag(event_number) over same_kind is null then 'solved'
        end as first_milestone,
        case when event_kind = 'closed' and lead(event_number) over same_kind is null then 'finally solved' end
            as last_milestone
    from ticket_events
    window same_kind as (partition by ticket_key, event_kind order by event_number)
),

opinions as (
    select
        told.date_day,
        tickets.customer_key,
        tickets.team_key,
        tickets.priority_code,
        told.measure,
        told.value
    from tickets
    cross join
        lateral (
            values
            (tickets.rating_requested_on, 'rating_requests', tickets.rating_requests),
            (tickets.rated_on, 'ratings', tickets.ratings),
            (tickets.rated_on, 'good_ratings', tickets.good_ratings)
        ) as told (date_day, measure, value)
    where told.date_day is not null
),

observations as (
    select
        event_on as date_day,
        customer_key,
        team_key,
        priority_code,
        event_kind as measure,
        1::numeric as value,
        false as is_standing
    from ticket_events
    where {{ in_changed_dates('event_on') }}
    union all
    select
        milestones.event_on as date_day,
        milestones.customer_key,
        milestones.team_key,
        milestones.priority_code,
        measured.measure,
        measured.value,
        false as is_standing
    from milestones
    inner join tickets on milestones.ticket_key = tickets.ticket_key
    cross join
        lateral (
            values
            ('created', 'created_by_agents', case when tickets.is_opened_by_agent then 1 end),
            ('created', 'first_response', tickets.first_response_seconds),
            ('created', 'first_response_business', tickets.first_response_business_seconds),
            ('solved', 'solved', 1),
            ('solved', 'first_resolution', tickets.first_resolution_seconds),
            ('solved', 'first_resolution_business', tickets.first_resolution_business_seconds),
            ('solved', 'reopened_within_30_days', tickets.is_reopened_within_30_days::integer),
            ('finally solved', 'last_resolution', tickets.last_resolution_seconds),
            ('finally solved', 'last_resolution_business', tickets.last_resolution_business_seconds),
            ('finally solved', 'labour_cost', case when tickets.is_closed then tickets.labour_cost end)
        ) as measured (milestone, measure, value)
    where
        {{ in_changed_dates('milestones.event_on') }}
        and measured.milestone in (milestones.first_milestone, milestones.last_milestone)
        and measured.value is not null
    union all
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        'age' as measure,
        age_days as value,
        true as is_standing
    from backlog
    union all
    -- a promise counts when it was due, one that still runs on its customer's last day
    select
        coalesce(slas.judged_on, last_days.date_day) as date_day,
        slas.customer_key,
        slas.team_key,
        slas.priority_code,
        judged.measure,
        1 as value,
        slas.judged_on is null as is_standing
    from slas
    inner join last_days on slas.customer_key = last_days.customer_key
    left join tickets on slas.ticket_key = tickets.ticket_key
    cross join
        lateral (
            values
            ('sla_' || slas.state),
            (case when tickets.is_in_maintenance then {{ sla_outcome }} || '_in_maintenance' end)
        ) as judged (measure)
    where
        ((slas.judged_on <= last_days.date_day and {{ in_changed_dates('slas.judged_on') }}) or slas.judged_on is null)
        and judged.measure is not null
    union all
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        measure,
        value,
        false as is_standing
    from opinions
    where {{ in_changed_dates('date_day') }}
),

-- Of all customers together the newest day begins with the easternmost: what stands still with whoever has
-- not come to it yet counts there as well.
newest as (
    select
        greatest(
            (select max(last_days.date_day) from last_days), (select max(opinions.date_day) from opinions)
        ) as date_day
),

carried as (
    select
        later.moment::date as date_day,
        observations.customer_key,
        observations.team_key,
        observations.priority_code,
        observations.measure,
        case
            when observations.measure = 'age'
                then observations.value + (later.moment::date - observations.date_day)
            else observations.value
        end as value
    from observations
    inner join last_days
        on observations.customer_key = last_days.customer_key and observations.date_day = last_days.date_day
    cross join newest
    cross join
        generate_series(
            (observations.date_day + 1)::timestamp, newest.date_day::timestamp, interval '1 day'
        ) as later (moment)
    where observations.is_standing
),

counted as (
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        measure,
        value,
        false as is_carried
    from observations
    where {{ in_changed_dates('date_day') }}
    union all
    select
        *,
        true as is_carried
    from carried
    where {{ in_changed_dates('date_day') }}
),

-- percentiles of a coarser level are taken over its tickets, never over those of its parts
statistics as (
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        grouping(customer_key, team_key, priority_code) as rolled_up,
        measure,
        is_carried,
        count(*) as observations,
        sum(value) as total,
        percentile_cont(array[0.5, 0.9]) within group (order by value) filter (where {{ is_duration }}) as percentiles
    from counted
    group by grouping sets (
        (date_day, measure),
        (date_day, measure, is_carried, customer_key),
        (date_day, measure, is_carried, customer_key, team_key),
        (date_day, measure, is_carried, customer_key, team_key, priority_code),
        (date_day, measure, is_carried, customer_key, priority_code)
    )
),

days as (
    select
        case rolled_up
            when 7 then 'all'
            when 3 then 'customer'
            when 1 then 'customer_team'
            when 2 then 'customer_priority'
            when 0 then 'customer_team_priority'
        end as level,
        date_day,
        coalesce(customer_key, -2) as customer_key,
        coalesce(team_key, -2) as team_key,
        case when rolled_up in (1, 3, 7) then 'all' else priority_code end as priority_code,
        {% for measure in ['created', 'created_by_agents', 'solved', 'closed', 'reopened'] %}
            coalesce(max(observations) filter (where measure = '{{ measure }}'), 0) as {{ measure }},
        {% endfor %}
        coalesce(max(observations) filter (where measure = 'age'), 0) as backlog,
        {% for clock in ['age'] + clocks %}
            max(observations) filter (where measure = '{{ clock }}') as {{ clock }}_tickets,
            max(total) filter (where measure = '{{ clock }}') as {{ clock }}_total,
            max(percentiles[1]) filter (where measure = '{{ clock }}')::numeric as {{ clock }}_p50,
            max(percentiles[2]) filter (where measure = '{{ clock }}')::numeric as {{ clock }}_p90,
        {% endfor %}
        coalesce(max(observations) filter (where measure = 'reopened_within_30_days'), 0) as reopen_cohort,
        max(total) filter (where measure = 'reopened_within_30_days') as reopened_of_cohort,
        {% for state in sla_states %}
            coalesce(max(observations) filter (where measure = 'sla_{{ state }}'), 0) as sla_{{ state }},
        {% endfor %}
        {% for outcome in ['met', 'missed'] %}
            coalesce(max(observations) filter (where measure = 'sla_{{ outcome }}_in_maintenance'), 0)
                as sla_{{ outcome }}_in_maintenance,
        {% endfor %}
        {% for measure in ['rating_requests', 'ratings', 'good_ratings'] %}
            coalesce(max(total) filter (where measure = '{{ measure }}'), 0)::bigint as {{ measure }},
        {% endfor %}
        coalesce(max(observations) filter (where measure = 'labour_cost'), 0) as cost_tickets,
        coalesce(max(total) filter (where measure = 'labour_cost'), 0) as labour_cost
    from statistics
    where is_carried is not true
    group by rolled_up, date_day, customer_key, team_key, priority_code
),

-- an incident that is still to come has no team and no priority
incidents_expected as (
    select
        case grouping(customer_key) when 1 then 'all' else 'customer' end as level,
        date_day,
        coalesce(customer_key, -2) as customer_key,
        sum(incident_devices_expected) as devices_expected,
        sum(incident_warnings)::bigint as warnings
    from predicted_days
    group by grouping sets ((date_day), (date_day, customer_key))
)

select
    days.level,
    to_char(days.date_day, 'YYYYMMDD')::integer as date_key,
    days.date_day,
    days.customer_key,
    case when days.level = 'all' then 'All customers' else customers.customer_name end as customer_name,
    days.team_key,
    case when days.level in ('customer_team', 'customer_team_priority') then teams.team_name else 'all' end as team,
    days.priority_code,
    case when days.priority_code = 'all' then 'all' else {{ priority_name('days.priority_code') }} end as priority,
    days.created,
    days.created_by_agents,
    days.solved,
    days.closed,
    days.reopened,
    days.backlog,
    round(days.age_p50, 4) as backlog_age_p50_days,
    round(days.age_p90, 4) as backlog_age_p90_days,
    {% for clock in clocks %}
        {% if not clock.endswith('_business') %}
            coalesce(days.{{ clock }}_tickets, 0) as {{ clock }}_tickets,
        {% endif %}
        round(days.{{ clock }}_total / days.{{ clock }}_tickets / 3600, 4) as {{ clock }}_avg_hours,
        round(days.{{ clock }}_p50 / 3600, 4) as {{ clock }}_p50_hours,
        round(days.{{ clock }}_p90 / 3600, 4) as {{ clock }}_p90_hours,
    {% endfor %}
    days.reopen_cohort,
    coalesce(days.reopened_of_cohort, 0)::bigint as reopened_within_30_days,
    round(100 * days.reopened_of_cohort / nullif(days.reopen_cohort, 0), 4) as reopen_rate_pct,
    {% for state in sla_states %}
        days.sla_{{ state }},
    {% endfor %}
    round(
        100.0 * days.sla_met / nullif(days.sla_met + days.sla_breached + days.sla_overdue, 0), 4
    ) as sla_compliance_pct,
    days.sla_met_in_maintenance,
    days.sla_missed_in_maintenance,
    round(
        100.0 * (days.sla_met - days.sla_met_in_maintenance) / nullif(
            days.sla_met + days.sla_breached + days.sla_overdue
            - days.sla_met_in_maintenance - days.sla_missed_in_maintenance,
            0
        ),
        4
    ) as sla_compliance_excl_maintenance_pct,
    days.rating_requests,
    days.ratings,
    days.good_ratings,
    case when days.ratings >= 5 then round(100.0 * days.good_ratings / days.ratings, 4) end as csat_pct,
    round(days.labour_cost, 4) as labour_cost,
    round(days.labour_cost / nullif(days.cost_tickets, 0), 4) as cost_per_ticket,
    incidents_expected.devices_expected as incident_devices_expected,
    incidents_expected.warnings as incident_warnings
from days
left join incidents_expected
    on
        days.level = incidents_expected.level
        and days.date_day = incidents_expected.date_day
        and days.customer_key = incidents_expected.customer_key
left join customers on days.customer_key = customers.customer_key
left join teams on days.team_key = teams.team_key
