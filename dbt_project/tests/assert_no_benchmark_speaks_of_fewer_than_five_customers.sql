-- the fleet is shown with as many customers as have a value, and not at all if these are fewer than five
with benchmarks as (
    select * from {{ ref('fleet_benchmarks_monthly') }}
),

groups as (
    select
        month_start,
        metric,
        count(distinct customer_key) as customers,
        min(customers_compared) as least_shown,
        max(customers_compared) as most_shown,
        count(fleet_p25) + count(fleet_median) + count(fleet_p75) as quartiles_shown
    from benchmarks
    group by month_start, metric
)

select * from groups
where
    (customers < 5 and (most_shown is not null or quartiles_shown > 0))
    or (
        customers >= 5
        and (
            least_shown is distinct from customers
            or most_shown is distinct from customers
            or quartiles_shown <> 3 * customers
        )
    )
