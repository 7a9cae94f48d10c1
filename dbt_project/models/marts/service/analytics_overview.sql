with runs as (
    select * from {{ ref('fct_workflow_runs') }}
),

service_days as (
    select * from {{ ref('fct_service_customer_daily') }}
    where {{ has_detail('date_key') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

run_days as (
    select
        date_key,
        count(*) as total_workflows,
        count(*) filter (where is_failed) as failed_workflows,
        percentile_cont(0.95) within group (order by duration_seconds) as workflow_p95_seconds
    from runs
    group by date_key
),

-- every run works for every customer there was at the end of its day
served as (
    select
        run_days.date_key,
        customers.customer_key
    from run_days
    inner join customers
        on
            customers.valid_from < {{ day_start('run_days.date_key') }} + interval '24 hours'
            and customers.valid_to >= {{ day_start('run_days.date_key') }} + interval '24 hours'
    where customers.customer_key > 0 and customers.customer_kind <> 'private person' and not customers.is_deleted
),

slices as (
    select
        date_key,
        customer_key
    from served
    union
    select
        date_key,
        customer_key
    from service_days
),

joined as (
    select
        slices.date_key,
        to_date(slices.date_key::text, 'YYYYMMDD') as date_day,
        slices.customer_key,
        customers.customer_name,
        coalesce(run_days.total_workflows, 0) as total_workflows,
        coalesce(run_days.failed_workflows, 0) as failed_workflows,
        round(100.0 * run_days.failed_workflows / nullif(run_days.total_workflows, 0), 4) as failure_rate_percent,
        round(run_days.workflow_p95_seconds::numeric, 4) as workflow_p95_seconds,
        {% for count in ['services', 'request_hours'] %}
            case
                when slices.date_key >= {{ kept_from('keep_detail_months') }} then coalesce(service_days.{{ count }}, 0)
            end as {{ count }},
        {% endfor %}
        service_days.requests,
        service_days.errors,
        round(100.0 * service_days.errors / nullif(service_days.requests, 0), 4) as error_rate_percent,
        round(service_days.highest_p95_latency_ms, 3) as highest_p95_latency_ms,
        round(service_days.requests / nullif(3600.0 * service_days.request_hours, 0), 4) as avg_throughput_rps
    from slices
    left join run_days on slices.date_key = run_days.date_key
    left join service_days
        on
            slices.date_key = service_days.date_key
            and slices.customer_key = service_days.customer_key
    left join customers on slices.customer_key = customers.customer_key and customers.is_current
)

select * from joined
