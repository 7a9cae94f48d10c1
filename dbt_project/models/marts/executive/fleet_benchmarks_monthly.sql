with summary_days as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('executive_summary_daily') }}
),

health_months as (
    select * from {{ ref('customer_health_score_monthly') }}
),

tickets as (
    select
        *,
        date_trunc('month', created_on::timestamp)::date as month_start
    from {{ ref('fct_tickets') }}
    where first_response_seconds is not null
),

-- a private person has no estate to be compared
customers as (
    select * from {{ ref('dim_customer') }}
    where is_current and customer_kind = 'company'
),

-- who never raised an alert may have nobody who listens
watched as (
    select
        customer_key,
        min(date_day) as first_day
    from summary_days
    where alerts > 0
    group by customer_key
),

added as (
    select
        summary_days.month_start,
        summary_days.customer_key,
        sum(summary_days.up_minutes) as up_minutes,
        sum(summary_days.down_minutes) as down_minutes,
        sum(summary_days.tickets_created) as tickets_created,
        sum(summary_days.alerts) filter (where summary_days.date_day >= watched.first_day) as alerts,
        avg(summary_days.devices) filter (where summary_days.devices > 0) as devices
    from summary_days
    left join watched on summary_days.customer_key = watched.customer_key
    group by summary_days.month_start, summary_days.customer_key
),

-- percentiles of a month are taken over its tickets
answered as (
    select
        month_start,
        customer_key,
        (percentile_cont(0.5) within group (order by first_response_seconds))::numeric / 3600
            as first_response_p50_hours
    from tickets
    group by month_start, customer_key
),

observations as (
    select
        added.month_start,
        added.customer_key,
        measured.metric,
        measured.better,
        measured.value
    from added
    cross join
        lateral (
            values
            (
                'availability_pct', 'higher',
                100 * added.up_minutes / nullif(added.up_minutes + added.down_minutes, 0)
            ),
            ('tickets_per_device', 'lower', added.tickets_created / added.devices),
            ('alerts_per_device', 'lower', added.alerts / added.devices)
        ) as measured (metric, better, value)
    union all
    select
        health_months.month_start,
        health_months.customer_key,
        measured.metric,
        'higher' as better,
        measured.value
    from health_months
    cross join
        lateral (
            values
            ('sla_compliance_pct', health_months.sla_score),
            ('sca_compliance_pct', health_months.sca_score),
            ('site_health_score', health_months.site_health_score)
        ) as measured (metric, value)
    union all
    select
        month_start,
        customer_key,
        'first_response_p50_hours' as metric,
        'lower' as better,
        first_response_p50_hours as value
    from answered
),

compared as (
    select
        observations.*,
        customers.customer_name
    from observations
    inner join customers on observations.customer_key = customers.customer_key
    where observations.value is not null
),

-- of fewer than five customers one could tell what another's value is
fleet as (
    select
        month_start,
        metric,
        count(*) as customers_compared,
        (percentile_cont(array[0.25, 0.5, 0.75]) within group (order by value))::numeric[] as quartiles
    from compared
    group by month_start, metric
    having count(*) >= 5
),

final as (
    select
        to_char(compared.month_start, 'YYYYMMDD')::integer as date_key,
        compared.month_start,
        (compared.month_start + interval '1 month')::timestamp at time zone 'UTC' <= {{ as_of() }} as is_complete,
        compared.customer_key,
        compared.customer_name,
        compared.metric,
        compared.better,
        round(compared.value, 4) as value,
        fleet.customers_compared,
        round(fleet.quartiles[1], 4) as fleet_p25,
        round(fleet.quartiles[2], 4) as fleet_median,
        round(fleet.quartiles[3], 4) as fleet_p75
    from compared
    left join fleet on compared.month_start = fleet.month_start and compared.metric = fleet.metric
)

select * from final
