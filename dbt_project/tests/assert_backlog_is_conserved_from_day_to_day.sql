-- yesterday's backlog and what came minus what went; a day without a row had nothing open. Between teams
-- and priorities tickets move, so that only whole customers, and all of them, can be held to it
with days as (
    select * from {{ ref('ticket_metrics_daily') }}
    where level in ('customer', 'all')
),

neighbours as (
    select
        date_day,
        level,
        customer_key,
        created,
        reopened,
        closed,
        backlog,
        coalesce(lag(backlog) over same_slice, 0) as backlog_before,
        date_day - lag(date_day) over same_slice as days_since
    from days
    window same_slice as (partition by level, customer_key order by date_day)
)

select * from neighbours
where
    backlog <> backlog_before + created + reopened - closed
    or (days_since > 1 and backlog_before <> 0)
