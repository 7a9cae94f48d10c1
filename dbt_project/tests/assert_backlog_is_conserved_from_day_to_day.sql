-- yesterday's backlog and what came minus what went; a day without a row had nothing open
with days as (
    select * from {{ ref('ticket_metrics_daily') }}
),

neighbours as (
    select
        date_day,
        customer_key,
        team_key,
        priority_code,
        created,
        reopened,
        closed,
        backlog,
        coalesce(lag(backlog) over same_slice, 0) as backlog_before,
        date_day - lag(date_day) over same_slice as days_since
    from days
    window same_slice as (partition by customer_key, team_key, priority_code order by date_day)
)

select * from neighbours
where
    backlog <> backlog_before + created + reopened - closed
    or (days_since > 1 and backlog_before <> 0)
