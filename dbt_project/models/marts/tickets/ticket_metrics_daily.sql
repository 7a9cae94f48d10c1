with tickets as (
    select * from {{ ref('fct_tickets') }}
),

ticket_events as (
    select * from {{ ref('fct_ticket_events') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

-- after the last thing the helpdesk said nothing is known, not even that the backlog stayed
horizon as (
    select {{ utc_date('least(max(last_at), ' ~ as_of() ~ ')') }} as last_day
    from (
        select max(updated_at) as last_at from tickets
        union all
        select max(event_at) as last_at from ticket_events
    ) as last_moments
),

ordered_events as (
    select
        *,
        event_kind = 'closed' and lag(event_number) over same_kind is null as is_first_close,
        event_kind = 'closed' and lead(event_number) over same_kind is null as is_last_close
    from ticket_events
    where event_kind <> 'moved'
    window same_kind as (partition by ticket_key, event_kind order by event_number)
),

-- a ticket is solved and judged on the day of its first closing, its last clock stops with the last
events as (
    select
        {{ utc_date('ordered_events.event_at') }} as date_day,
        tickets.customer_key,
        tickets.team_key,
        tickets.priority_code,
        ordered_events.event_kind,
        case when ordered_events.is_first_close then tickets.ticket_key end as solved_ticket_key,
        case when ordered_events.is_first_close then tickets.sla_state end as sla_state,
        case when ordered_events.is_first_close then tickets.first_resolution_seconds end as first_resolution_seconds,
        case when ordered_events.is_last_close then tickets.last_resolution_seconds end as last_resolution_seconds
    from ordered_events
    inner join tickets on ordered_events.ticket_key = tickets.ticket_key
),

active_days as (
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        count(*) filter (where event_kind = 'created') as created,
        count(solved_ticket_key) as solved,
        count(*) filter (where event_kind = 'closed') as closed,
        count(*) filter (where event_kind = 'reopened') as reopened,
        count(*) filter (where sla_state = 'met') as sla_met,
        count(*) filter (where sla_state = 'missed') as sla_missed,
        count(first_resolution_seconds) as first_resolution_tickets,
        sum(first_resolution_seconds) as first_resolution_seconds,
        percentile_cont(0.5) within group (order by first_resolution_seconds) as first_resolution_p50_seconds,
        percentile_cont(0.9) within group (order by first_resolution_seconds) as first_resolution_p90_seconds,
        count(last_resolution_seconds) as last_resolution_tickets,
        sum(last_resolution_seconds) as last_resolution_seconds,
        percentile_cont(0.5) within group (order by last_resolution_seconds) as last_resolution_p50_seconds,
        percentile_cont(0.9) within group (order by last_resolution_seconds) as last_resolution_p90_seconds
    from events
    group by date_day, customer_key, team_key, priority_code
),

balances as (
    select
        *,
        sum(created + reopened - closed) over same_slice as backlog,
        lead(date_day) over same_slice as next_date_day
    from active_days
    window same_slice as (partition by customer_key, team_key, priority_code order by date_day)
),

-- between two active days only the backlog has anything to say
quiet_days as (
    select
        generate_series(
            (balances.date_day + 1)::timestamp,
            coalesce(balances.next_date_day - 1, horizon.last_day)::timestamp,
            interval '1 day'
        )::date as date_day,
        balances.customer_key,
        balances.team_key,
        balances.priority_code,
        balances.backlog
    from balances
    cross join horizon
    where balances.backlog > 0
),

all_days as (
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        created,
        solved,
        closed,
        reopened,
        backlog,
        sla_met,
        sla_missed,
        first_resolution_tickets,
        first_resolution_seconds / nullif(first_resolution_tickets, 0) as first_resolution_avg_seconds,
        first_resolution_p50_seconds,
        first_resolution_p90_seconds,
        last_resolution_tickets,
        last_resolution_seconds / nullif(last_resolution_tickets, 0) as last_resolution_avg_seconds,
        last_resolution_p50_seconds,
        last_resolution_p90_seconds
    from balances
    union all
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        0 as created,
        0 as solved,
        0 as closed,
        0 as reopened,
        backlog,
        0 as sla_met,
        0 as sla_missed,
        0 as first_resolution_tickets,
        null as first_resolution_avg_seconds,
        null as first_resolution_p50_seconds,
        null as first_resolution_p90_seconds,
        0 as last_resolution_tickets,
        null as last_resolution_avg_seconds,
        null as last_resolution_p50_seconds,
        null as last_resolution_p90_seconds
    from quiet_days
),

teams as (
    select distinct
        team_key,
        team
    from tickets
),

priorities as (
    select distinct
        priority_code,
        priority
    from tickets
),

labelled as (
    select
        to_char(all_days.date_day, 'YYYYMMDD')::integer as date_key,
        all_days.date_day,
        all_days.customer_key,
        customers.customer_name,
        all_days.team_key,
        teams.team,
        all_days.priority_code,
        priorities.priority,
        all_days.created,
        all_days.solved,
        all_days.closed,
        all_days.reopened,
        all_days.backlog::bigint as backlog,
        all_days.sla_met,
        all_days.sla_missed,
        all_days.first_resolution_tickets,
        round(all_days.first_resolution_avg_seconds / 3600, 4) as first_resolution_avg_hours,
        round(all_days.first_resolution_p50_seconds::numeric / 3600, 4) as first_resolution_p50_hours,
        round(all_days.first_resolution_p90_seconds::numeric / 3600, 4) as first_resolution_p90_hours,
        all_days.last_resolution_tickets,
        round(all_days.last_resolution_avg_seconds / 3600, 4) as last_resolution_avg_hours,
        round(all_days.last_resolution_p50_seconds::numeric / 3600, 4) as last_resolution_p50_hours,
        round(all_days.last_resolution_p90_seconds::numeric / 3600, 4) as last_resolution_p90_hours
    from all_days
    left join teams on all_days.team_key = teams.team_key
    left join priorities on all_days.priority_code = priorities.priority_code
    left join customers on all_days.customer_key = customers.customer_key and customers.is_current
)

select * from labelled
