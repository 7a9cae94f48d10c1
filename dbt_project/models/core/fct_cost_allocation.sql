with timesheets as (
    select * from {{ ref('fct_timesheets') }}
),

host_days as (
    select * from {{ ref('fct_infrastructure_daily') }}
),

runs as (
    select * from {{ ref('fct_workflow_runs') }}
),

rates as (
    select * from {{ ref('dim_rate') }}
),

-- customers are few, so their days are added up before the price of the day is looked for
measured_days as (
    select
        date_key,
        customer_key,
        sum(device_hours) as device_hours
    from host_days
    group by date_key, customer_key
),

-- what each customer used on each day, at the price of the day
measured as (
    select
        {{ month_key('measured_days.date_key') }} as date_key,
        measured_days.customer_key,
        measured_days.device_hours,
        rates.amount as price,
        rates.currency
    from measured_days
    left join rates
        on
            rates.rate = 'metric'
            and to_date(measured_days.date_key::text, 'YYYYMMDD') between rates.valid_from and rates.valid_to
),

metric_shares as (
    select
        date_key,
        customer_key,
        sum(device_hours) as units,
        min(price) as lowest_price,
        max(price) as highest_price,
        sum(device_hours * price) as exact_amount,
        min(currency) as currency
    from measured
    group by date_key, customer_key
),

labour_shares as (
    select
        {{ month_key('timesheets.date_key') }} as date_key,
        timesheets.customer_key,
        sum(timesheets.minutes) / 60.0 as units,
        min(rates.amount) as lowest_price,
        max(rates.amount) as highest_price,
        sum(timesheets.cost) as exact_amount,
        min(rates.currency) as currency
    from timesheets
    left join rates
        on
            rates.rate = 'labour'
            and timesheets.worked_on between rates.valid_from and rates.valid_to
    group by {{ month_key('timesheets.date_key') }}, timesheets.customer_key
),

run_months as (
    select
        {{ month_key('date_key') }} as date_key,
        count(*) as runs,
        min(cost) as lowest_price,
        max(cost) as highest_price,
        sum(cost) as cost,
        min(currency) as currency
    from runs
    group by {{ month_key('date_key') }}
),

-- the platform works for a customer as much as it measures for it; in a month without measurements for none
run_shares as (
    select
        run_months.date_key,
        coalesce(metric_shares.customer_key, -2) as customer_key,
        coalesce(
            run_months.runs * metric_shares.units / sum(metric_shares.units) over same_month, run_months.runs
        ) as units,
        run_months.lowest_price,
        run_months.highest_price,
        coalesce(
            run_months.cost * metric_shares.units / sum(metric_shares.units) over same_month, run_months.cost
        ) as exact_amount,
        run_months.currency,
        run_months.cost as pool_amount
    from run_months
    left join metric_shares on run_months.date_key = metric_shares.date_key
    window same_month as (partition by run_months.date_key)
),

shares as (
    select
        'labour' as rate,
        'hours booked' as driver,
        *,
        sum(exact_amount) over (partition by date_key) as pool_amount
    from labour_shares
    union all
    select
        'metric' as rate,
        'device-hours measured' as driver,
        *,
        sum(exact_amount) over (partition by date_key) as pool_amount
    from metric_shares
    union all
    select
        'workflow_run' as rate,
        'device-hours measured' as driver,
        *
    from run_shares
),

priced as (
    select *
    from shares
    where exact_amount is not null
),

allocated as (
    {{ to_the_cent('priced', ['date_key', 'rate']) }}
),

final as (
    select
        date_key,
        to_date(date_key::text, 'YYYYMMDD') as month_start,
        rate,
        customer_key,
        customer_key > 0 as is_allocated,
        driver,
        round(units, 6)::numeric(20, 6) as units,
        case when lowest_price = highest_price then lowest_price end as unit_price,
        exact_amount::numeric(20, 8) as exact_amount,
        amount::numeric(20, 2) as amount,
        currency
    from allocated
)

select * from final
