{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        rekeyed_by='host',
        is_read_by_day=true,
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, {{ ref('dim_device') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with host_hours as not materialized (
    select * from {{ ref('fct_infrastructure') }}
),

measured as (
    {{ rows_to_rebuild('host_hours', 'hour', rekeyed_by='host') }}
),

summed as (
    select
        date_key,
        host,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        role_name,
        count(*) as device_hours,
        min(hour) as first_hour,
        max(hour) as last_hour,
        (sum({{ fixed_point('coverage') }}) / 10000)::numeric(20, 4) as covered_hours,
        count(up_minutes) as up_measured_hours,
        (sum({{ fixed_point('up_minutes') }}) / 10000)::numeric(20, 4) as up_minutes,
        count(cpu_avg_pct) as cpu_measured_hours,
        (sum({{ fixed_point('cpu_avg_pct') }}) / 10000)::numeric(20, 4) as cpu_pct_hours,
        count(*) filter (where cpu_avg_pct < {{ var('capacity_idle_pct') }}) as cpu_idle_hours,
        max(cpu_max_pct) as cpu_max_pct,
        count(mem_avg_pct) as mem_measured_hours,
        (sum({{ fixed_point('mem_avg_pct') }}) / 10000)::numeric(20, 4) as mem_pct_hours,
        count(*) filter (where mem_avg_pct < {{ var('capacity_idle_pct') }}) as mem_idle_hours,
        max(mem_max_pct) as mem_max_pct,
        count(disk_used_pct) as disk_measured_hours,
        (sum({{ fixed_point('disk_used_pct') }}) / 10000)::numeric(20, 4) as disk_pct_hours,
        max(disk_used_pct) as disk_max_pct,
        count(net_in_bytes + net_out_bytes) as net_measured_hours,
        sum(net_in_bytes)::numeric(24, 0) as net_in_bytes,
        sum(net_out_bytes)::numeric(24, 0) as net_out_bytes,
        max(temp_max_celsius) as temp_max_celsius,
        (sum({{ fixed_point('power_avg_watts') }}) / 10000000)::numeric(20, 7) as energy_kwh,
        sum(samples)::bigint as samples,
        sum(expected_samples)::bigint as expected_samples,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from measured
    group by date_key, host, device_key, device_version_key, site_key, customer_key, role_name
)

select * from summed
