-- what the months of labour, measuring and runs cost, rounded once, is what the customers bear together
with origins as (
    select
        {{ month_key('date_key') }} as date_key,
        'labour' as rate,
        round(sum(cost), 2) as cost
    from {{ ref('fct_timesheets') }}
    group by {{ month_key('date_key') }}
    having sum(cost) is not null
    union all
    select
        {{ month_key('date_key') }} as date_key,
        'workflow_run' as rate,
        round(sum(cost), 2) as cost
    from {{ ref('fct_workflow_runs') }}
    group by {{ month_key('date_key') }}
    having sum(cost) is not null
    union all
    select
        {{ month_key('host_days.date_key') }} as date_key,
        'metric' as rate,
        round(sum(host_days.device_hours * rates.amount), 2) as cost
    from {{ ref('fct_infrastructure_daily') }} as host_days
    inner join {{ ref('dim_rate') }} as rates
        on
            rates.rate = 'metric'
            and to_date(host_days.date_key::text, 'YYYYMMDD') between rates.valid_from and rates.valid_to
    group by {{ month_key('host_days.date_key') }}
),

allocated as (
    select
        date_key,
        rate,
        sum(amount) as amount
    from {{ ref('fct_cost_allocation') }}
    group by date_key, rate
)

select
    coalesce(origins.date_key, allocated.date_key) as date_key,
    coalesce(origins.rate, allocated.rate) as rate,
    origins.cost,
    allocated.amount
from origins
full join allocated on origins.date_key = allocated.date_key and origins.rate = allocated.rate
where origins.cost is distinct from allocated.amount
