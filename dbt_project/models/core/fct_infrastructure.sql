{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['date_key', 'hour'],
        rekeyed_by='host',
        partitioned=true,
        indexes=[
            {'columns': ['date_key'], 'type': 'brin'},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with host_hours as not materialized (
    select * from {{ ref('stg_prometheus__host_hourly') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

measured as (
    {{ measured_hours_to_rebuild('host_hours', 'instance') }}
),

identified as (
    select
        prometheus_hosts.instance,
        prometheus_hosts.host,
        hosts.device_key
    from prometheus_hosts
    inner join hosts on prometheus_hosts.host = hosts.host
    where hosts.is_chosen
),

joined as (
    select
        {{ time_key('measured.hour') }} as time_key,
        {{ date_key('measured.hour') }} as date_key,
        measured.hour,
        measured.instance,
        coalesce(identified.host, lower(measured.instance)) as host,
        coalesce(identified.device_key, -1) as device_key,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.customer_key, -1) as customer_key,
        coalesce(devices.role_name, 'unknown') as role_name,
        {{ clamped('measured.cpu_avg_pct', 0, 100) }} as cpu_avg_pct,
        {{ clamped('measured.cpu_p95_pct', 0, 100) }} as cpu_p95_pct,
        {{ clamped('measured.cpu_max_pct', 0, 100) }} as cpu_max_pct,
        {{ clamped('measured.mem_avg_pct', 0, 100) }} as mem_avg_pct,
        {{ clamped('measured.mem_p95_pct', 0, 100) }} as mem_p95_pct,
        {{ clamped('measured.mem_max_pct', 0, 100) }} as mem_max_pct,
        {{ clamped('measured.disk_used_pct', 0, 100) }} as disk_used_pct,
        measured.net_in_bytes::numeric(20, 0) as net_in_bytes,
        measured.net_out_bytes::numeric(20, 0) as net_out_bytes,
        case when measured.temp_max_celsius not in (0, 127, -128, 255) then measured.temp_max_celsius end
            as temp_max_celsius,
        measured.power_avg_watts,
        measured.uptime_seconds / 3600 as uptime_hours,
        {{ clamped('measured.up_ratio', 0, 1) }} * 60 as up_minutes,
        coalesce(measured.samples, 0) as samples,
        measured.expected_samples,
        coalesce(
            {{ clamped('measured.samples::double precision / nullif(measured.expected_samples, 0)', 0, 1) }}, 0
        ) as coverage,
        measured._known_at,
        measured._load_id
    from measured
    left join identified on measured.instance = identified.instance
    left join devices
        on
            identified.device_key = devices.device_key
            and measured.hour >= devices.valid_from
            and measured.hour < devices.valid_to
)

select * from joined
