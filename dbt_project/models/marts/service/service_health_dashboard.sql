{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_service_hourly'],
        names_of={'site_name': 'dim_site.site_name', 'customer_name': 'dim_customer.customer_name'},
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days(days_between_first_hours()) }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with service_hours as (
    select * from {{ ref('fct_service_hourly') }}
    where {{ has_detail('date_key') }} and {{ in_changed_days() }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

periods as (
    select
        *,
        'hour' as level,
        hour as period_start
    from service_hours
    where hour >= {{ as_of() }} - interval '7 days'
    union all
    select
        *,
        'day' as level,
        {{ day_start('date_key') }} as period_start
    from service_hours
),

summed as (
    select
        level,
        period_start,
        date_key,
        service,
        host,
        device_key,
        site_key,
        customer_key,
        count(*) as measured_hours,
        sum(samples)::bigint as samples,
        sum(expected_samples)::bigint as expected_samples,
        sum(probes)::bigint as probes,
        sum(successful_probes)::bigint as successful_probes,
        max(status_code_max) as status_code_max,
        sum(probes * probe_avg_ms) as probe_ms,
        max(probe_p95_ms) as highest_probe_p95_ms,
        count(requests) as request_hours,
        sum(requests)::bigint as requests,
        sum(errors)::bigint as errors,
        max(requests) as highest_requests,
        sum(requests * request_avg_ms) as request_ms,
        sum(requests) filter (where request_avg_ms is not null) as timed_requests,
        max(request_p95_ms) as highest_request_p95_ms,
        max(request_p99_ms) as highest_request_p99_ms
    from periods
    group by level, period_start, date_key, service, host, device_key, site_key, customer_key
),

joined as (
    select
        summed.level,
        summed.period_start,
        summed.date_key,
        summed.service,
        summed.host,
        summed.device_key,
        summed.site_key,
        sites.site_name,
        summed.customer_key,
        customers.customer_name,
        summed.measured_hours,
        round(100.0 * least(summed.samples, summed.expected_samples) / nullif(summed.expected_samples, 0), 4)
            as coverage_pct,
        summed.probes,
        summed.successful_probes,
        round(100.0 * summed.successful_probes / nullif(summed.probes, 0), 4) as availability_pct,
        summed.status_code_max,
        round(summed.probe_ms / nullif(summed.probes, 0), 3) as probe_avg_ms,
        case when summed.level = 'hour' then summed.highest_probe_p95_ms end as probe_p95_ms,
        summed.highest_probe_p95_ms,
        summed.requests,
        summed.errors,
        round(100.0 * summed.errors / nullif(summed.requests, 0), 4) as error_rate_pct,
        round(summed.requests / nullif(3600.0 * summed.request_hours, 0), 4) as throughput_rps,
        round(summed.highest_requests / 3600.0, 4) as highest_throughput_rps,
        round(summed.request_ms / nullif(summed.timed_requests, 0), 3) as request_avg_ms,
        case when summed.level = 'hour' then summed.highest_request_p95_ms end as request_p95_ms,
        case when summed.level = 'hour' then summed.highest_request_p99_ms end as request_p99_ms,
        summed.highest_request_p95_ms,
        summed.highest_request_p99_ms
    from summed
    left join sites on summed.site_key = sites.site_key and sites.is_current
    left join customers on summed.customer_key = customers.customer_key and customers.is_current
)

select * from joined
