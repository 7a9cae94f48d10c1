with costs as (
    select * from {{ ref('fct_cost_allocation') }}
),

rates as (
    select * from {{ ref('dim_rate') }}
),

device_days as (
    select * from {{ ref('infrastructure_summary_daily') }}
    where scored_device_hours > 0
),

ticket_days as (
    select * from {{ ref('ticket_metrics_daily') }}
    where level = 'customer'
),

customers as (
    select * from {{ ref('dim_customer') }}
),

prediction_shares as (
    select
        {{ month_key('device_days.date_key') }} as date_key,
        device_days.customer_key,
        sum(device_days.scored_device_hours)::bigint as units,
        sum(device_days.scored_device_hours * rates.amount) as exact_amount,
        sum(sum(device_days.scored_device_hours * rates.amount))
            over (partition by {{ month_key('device_days.date_key') }})
            as pool_amount,
        min(rates.currency) as currency
    from device_days
    inner join rates
        on
            rates.rate = 'prediction'
            and device_days.date_day between rates.valid_from and rates.valid_to
    group by {{ month_key('device_days.date_key') }}, device_days.customer_key
),

prediction_costs as (
    {{ to_the_cent('prediction_shares', ['date_key']) }}
),

all_costs as (
    select
        date_key,
        customer_key,
        rate,
        units,
        amount,
        currency
    from costs
    union all
    select
        date_key,
        customer_key,
        'prediction' as rate,
        units,
        amount,
        currency
    from prediction_costs
),

summed as (
    select
        date_key,
        customer_key,
        max(currency) as currency,
        coalesce(sum(units) filter (where rate = 'labour'), 0) as labour_hours,
        coalesce(sum(units) filter (where rate = 'workflow_run'), 0) as workflow_runs,
        coalesce(sum(units) filter (where rate = 'metric'), 0) as metric_device_hours,
        coalesce(sum(units) filter (where rate = 'prediction'), 0) as predictions,
        coalesce(sum(amount) filter (where rate = 'labour'), 0) as labour_cost,
        coalesce(sum(amount) filter (where rate = 'workflow_run'), 0) as workflow_cost,
        coalesce(sum(amount) filter (where rate = 'metric'), 0) as metric_cost,
        coalesce(sum(amount) filter (where rate = 'prediction'), 0) as prediction_cost,
        coalesce(sum(amount) filter (where rate <> 'labour'), 0) as tool_cost,
        sum(amount) as total_cost
    from all_costs
    group by date_key, customer_key
),

-- by the month of the last closing, as ticket_metrics_daily counts it
resolved as (
    select
        {{ month_key('date_key') }} as date_key,
        customer_key,
        sum(last_resolution_tickets) as resolved_tickets,
        sum(labour_cost) as resolved_labour_cost
    from ticket_days
    group by {{ month_key('date_key') }}, customer_key
    having sum(last_resolution_tickets) > 0
),

slices as (
    select
        date_key,
        customer_key
    from summed
    union
    select
        date_key,
        customer_key
    from resolved
),

months as (
    select
        *,
        {{ day_start('date_key') }} as starts_at,
        least(
            (to_date(date_key::text, 'YYYYMMDD') + interval '1 month') at time zone 'UTC', {{ as_of() }}
        ) as ends_at
    from slices
),

joined as (
    select
        months.date_key,
        to_date(months.date_key::text, 'YYYYMMDD') as month_start,
        months.customer_key,
        customers.customer_name,
        months.customer_key > 0 as is_allocated,
        round(coalesce(summed.labour_hours, 0), 4)::numeric(20, 4) as labour_hours,
        round(coalesce(summed.workflow_runs, 0), 4)::numeric(20, 4) as workflow_runs,
        coalesce(summed.metric_device_hours, 0)::bigint as metric_device_hours,
        coalesce(summed.predictions, 0)::bigint as predictions,
        coalesce(summed.labour_cost, 0)::numeric(20, 2) as labour_cost,
        coalesce(summed.workflow_cost, 0)::numeric(20, 2) as workflow_cost,
        coalesce(summed.metric_cost, 0)::numeric(20, 2) as metric_cost,
        coalesce(summed.prediction_cost, 0)::numeric(20, 2) as prediction_cost,
        coalesce(summed.tool_cost, 0)::numeric(20, 2) as tool_cost,
        coalesce(summed.total_cost, 0)::numeric(20, 2) as total_cost,
        -- where days are local, a month may begin before it does in UTC
        round(
            3600 * coalesce(summed.total_cost, 0)
            / case
                when months.ends_at > months.starts_at then {{ exact_seconds('months.starts_at', 'months.ends_at') }}
            end,
            4
        )::numeric(20, 4) as cost_per_hour,
        coalesce(resolved.resolved_tickets, 0)::bigint as resolved_tickets,
        coalesce(resolved.resolved_labour_cost, 0)::numeric(20, 4) as resolved_labour_cost,
        round(
            (resolved.resolved_labour_cost + coalesce(summed.tool_cost, 0)) / resolved.resolved_tickets, 4
        )::numeric(20, 4) as cost_per_ticket,
        summed.currency
    from months
    left join summed on months.date_key = summed.date_key and months.customer_key = summed.customer_key
    left join resolved on months.date_key = resolved.date_key and months.customer_key = resolved.customer_key
    left join customers on months.customer_key = customers.customer_key and customers.is_current
)

select * from joined
