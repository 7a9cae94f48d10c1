{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['date_key', 'hour'],
        rekeyed_by='host',
        partitioned=true,
        is_read_by_day=true,
        told_by=['case when has_event then built end'],
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
with interface_hours as not materialized (
    select * from {{ ref('stg_prometheus__interface_hourly') }}
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
    {{ measured_hours_to_rebuild('interface_hours', 'instance') }}
),

instances as (
    select distinct instance
    from measured
),

named as (
    {{ hosts_of_instances('instances', 'prometheus_hosts') }}
),

identified as (
    select
        named.instance,
        named.host,
        coalesce(hosts.device_key, -1) as device_key
    from named
    left join hosts on named.host = hosts.host and hosts.is_chosen
),

joined as (
    select
        {{ time_key('measured.hour') }} as time_key,
        {{ date_key('measured.hour') }} as date_key,
        measured.hour,
        measured.instance,
        identified.host,
        measured.interface_name,
        {{ interface_key('identified.device_key', 'measured.interface_name') }} as interface_key,
        identified.device_key,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.customer_key, -1) as customer_key,
        nullif(measured.speed_bps, 0)::bigint as speed_bps,
        measured.in_octets::numeric(20, 0) as in_octets,
        measured.out_octets::numeric(20, 0) as out_octets,
        round(measured.in_octets * 8 / 3600)::bigint as in_bps_avg,
        round(measured.out_octets * 8 / 3600)::bigint as out_bps_avg,
        round(measured.in_bps_p95)::bigint as in_bps_p95,
        round(measured.out_bps_p95)::bigint as out_bps_p95,
        round(measured.in_bps_max)::bigint as in_bps_max,
        round(measured.out_bps_max)::bigint as out_bps_max,
        {{ clamped('greatest(measured.in_util_avg_pct, measured.out_util_avg_pct)', 0, 100) }} as util_avg_pct,
        {{ clamped('greatest(measured.in_util_max_pct, measured.out_util_max_pct)', 0, 100) }} as util_max_pct,
        round(measured.in_errors)::bigint as in_errors,
        round(measured.out_errors)::bigint as out_errors,
        round(measured.in_discards)::bigint as in_discards,
        round(measured.out_discards)::bigint as out_discards,
        measured.counter_resets,
        {{ clamped('measured.oper_up_ratio', 0, 1) }} * 60 as link_up_minutes,
        measured.oper_changes as link_changes,
        -- 1 is "up" in IF-MIB; a port that someone switched off has no outage
        coalesce(measured.admin_status, 1) = 1 as is_enabled,
        coalesce(measured.samples, 0) as samples,
        measured.expected_samples,
        coalesce(
            {{ clamped('measured.samples::double precision / nullif(measured.expected_samples, 0)', 0, 1) }}, 0
        ) as coverage,
        measured._known_at,
        measured._load_id
    from measured
    inner join identified on measured.instance = identified.instance
    left join devices
        on
            identified.device_key = devices.device_key
            and measured.hour >= devices.valid_from
            and measured.hour < devices.valid_to
),

judged as (
    select
        *,
        is_enabled and coalesce(link_changes, 0) >= 4 as is_flapping,
        is_enabled and coalesce(link_up_minutes, 60) < 60 and coalesce(link_changes, 0) < 4 as is_link_down,
        coalesce(util_max_pct, 0) >= 90 as is_saturated,
        coalesce(in_errors, 0) + coalesce(out_errors, 0) >= 100 as has_error_burst
    from joined
),

final as (
    select
        time_key,
        date_key,
        hour,
        instance,
        host,
        interface_name,
        interface_key,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        speed_bps,
        in_octets,
        out_octets,
        in_bps_avg,
        out_bps_avg,
        in_bps_p95,
        out_bps_p95,
        in_bps_max,
        out_bps_max,
        util_avg_pct,
        util_max_pct,
        in_errors,
        out_errors,
        in_discards,
        out_discards,
        counter_resets,
        link_up_minutes,
        link_changes,
        is_enabled,
        is_link_down,
        is_flapping,
        is_saturated,
        has_error_burst,
        is_link_down or is_flapping or is_saturated or has_error_burst as has_event,
        samples,
        expected_samples,
        coverage,
        _known_at,
        _load_id
    from judged
)

select * from final
