{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_infrastructure_daily'],
        is_read_by_day=true,
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

-- depends_on: {{ ref('fct_infrastructure_daily') }}, which tells the days that changed

with host_hours as (
    select * from {{ ref('fct_infrastructure') }}
    where device_key > 0 and {{ has_detail('date_key') }} and {{ in_changed_days() }}
),

by_customer as (
    select
        date_key,
        device_key,
        customer_key,
        max(hour) as last_hour,
        count(cpu_avg_pct) as cpu_hours,
        percentile_cont(0.95) within group (order by cpu_avg_pct) as cpu_p95_pct,
        count(mem_avg_pct) as mem_hours,
        sum({{ fixed_point('mem_avg_pct') }}) / 10000 as mem_pct_hours,
        count(disk_used_pct) as disk_hours,
        sum({{ fixed_point('disk_used_pct') }}) / 10000 as disk_pct_hours,
        count(net_in_bytes + net_out_bytes) as net_hours,
        percentile_cont(0.95) within group (
            order by ({{ mbit_per_second('net_in_bytes + net_out_bytes') }})::double precision
        ) as net_p95_mbit_per_second,
        max(_known_at) as known_at
    from host_hours
    group by date_key, device_key, customer_key
),

-- on the day of a move the hours of whoever has the device now
daily as (
    select distinct on (date_key, device_key) *
    from by_customer
    order by date_key asc, device_key asc, last_hour desc, customer_key asc
),

resources as (
    select
        daily.date_key,
        to_date(daily.date_key::text, 'YYYYMMDD') as date_day,
        daily.device_key,
        daily.customer_key,
        resource.resource,
        round(resource.y::numeric, 4)::double precision as y,
        resource.hours as measured_hours,
        least(resource.hours / 24::numeric, 1)::double precision as coverage,
        resource.hours < 12 as is_masked,
        daily.known_at
    from daily
    cross join lateral (
        values
        ('cpu', daily.cpu_hours, daily.cpu_p95_pct::numeric),
        ('mem', daily.mem_hours, daily.mem_pct_hours / nullif(daily.mem_hours, 0)),
        ('disk', daily.disk_hours, daily.disk_pct_hours / nullif(daily.disk_hours, 0)),
        ('net', daily.net_hours, daily.net_p95_mbit_per_second::numeric)
    ) as resource (resource, hours, y)
)

select * from resources
