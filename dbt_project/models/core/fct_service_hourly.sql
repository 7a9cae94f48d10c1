{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['date_key', 'hour'],
        rekeyed_by='host',
        partitioned=true,
        is_read_by_day=true,
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
with service_hours as not materialized (
    select * from {{ ref('stg_prometheus__service_hourly') }}
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
    {{ measured_hours_to_rebuild('service_hours', 'service') }}
),

instances as (
    select distinct service as instance
    from measured
),

named as (
    {{ hosts_of_instances('instances', 'prometheus_hosts') }}
),

identified as (
    select
        named.instance as service,
        named.host,
        coalesce(hosts.device_key, -1) as device_key
    from named
    left join hosts on named.host = hosts.host and hosts.is_chosen
),

-- samples count probes only where somebody probed
counted as (
    select
        *,
        case when success_ratio is not null then samples end as probes,
        round(requests::numeric)::bigint as whole_requests
    from measured
),

joined as (
    select
        {{ time_key('counted.hour') }} as time_key,
        {{ date_key('counted.hour') }} as date_key,
        counted.hour,
        counted.service,
        identified.host,
        identified.device_key,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.customer_key, -1) as customer_key,
        counted.probes,
        round((counted.probes * {{ clamped('counted.success_ratio', 0, 1) }})::numeric)::bigint as successful_probes,
        counted.status_code_max,
        round(1000 * counted.probe_avg_seconds::numeric, 3)::numeric(20, 3) as probe_avg_ms,
        round(1000 * counted.probe_p95_seconds::numeric, 3)::numeric(20, 3) as probe_p95_ms,
        counted.whole_requests as requests,
        {{ clamped('round(counted.errors::numeric)::bigint', 0, 'counted.whole_requests') }} as errors,
        round(1000 * counted.request_avg_seconds::numeric, 3)::numeric(20, 3) as request_avg_ms,
        round(1000 * counted.request_p95_seconds::numeric, 3)::numeric(20, 3) as request_p95_ms,
        round(1000 * counted.request_p99_seconds::numeric, 3)::numeric(20, 3) as request_p99_ms,
        coalesce(counted.samples, 0) as samples,
        counted.expected_samples,
        coalesce(
            {{ clamped('counted.samples::double precision / nullif(counted.expected_samples, 0)', 0, 1) }}, 0
        ) as coverage,
        counted._known_at,
        counted._load_id
    from counted
    inner join identified on counted.service = identified.service
    left join devices
        on
            identified.device_key = devices.device_key
            and counted.hour >= devices.valid_from
            and counted.hour < devices.valid_to
)

select * from joined
