with tickets as (
    select * from {{ ref('fct_tickets') }}
),

days as (
    select * from {{ ref('ticket_metrics_daily') }}
    where level in ('customer', 'all')
),

last_days as (
    select
        customer_key,
        backlog,
        row_number() over (partition by customer_key order by date_day desc) as age
    from days
),

open_tickets as (
    select
        customer_key,
        count(*) filter (where not is_closed) as open_count
    from tickets
    group by customer_key
    union all
    select
        -2 as customer_key,
        count(*) filter (where not is_closed) as open_count
    from tickets
),

compared as (
    select
        open_tickets.customer_key,
        open_tickets.open_count,
        last_days.backlog
    from open_tickets
    left join last_days on open_tickets.customer_key = last_days.customer_key and last_days.age = 1
)

select * from compared
where open_count is distinct from backlog
