with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('ticket_metrics_daily') }}
),

last_days as (
    select
        customer_key,
        team_key,
        priority_code,
        backlog,
        row_number() over (partition by customer_key, team_key, priority_code order by date_day desc) as age
    from days
),

open_tickets as (
    select
        customer_key,
        team_key,
        priority_code,
        count(*) filter (where not is_closed) as open_count
    from tickets
    group by customer_key, team_key, priority_code
),

compared as (
    select
        open_tickets.customer_key,
        open_tickets.team_key,
        open_tickets.priority_code,
        open_tickets.open_count,
        last_days.backlog
    from open_tickets
    left join last_days
        on
            open_tickets.customer_key = last_days.customer_key
            and open_tickets.team_key = last_days.team_key
            and open_tickets.priority_code = last_days.priority_code
            and last_days.age = 1
)

select * from compared
where open_count is distinct from backlog
