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
with interface_hours as not materialized (
    select * from {{ ref('fct_interface_traffic_hourly') }}
),

measured as (
    {{ rows_to_rebuild('interface_hours', 'hour', rekeyed_by='host') }}
),

summed as (
    select
        date_key,
        host,
        interface_name,
        interface_key,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        count(*) as interface_hours,
        (sum({{ fixed_point('coverage') }}) / 10000)::numeric(20, 4) as covered_hours,
        max(speed_bps) as speed_bps,
        sum(in_octets)::numeric(24, 0) as in_octets,
        sum(out_octets)::numeric(24, 0) as out_octets,
        count(util_avg_pct) as util_measured_hours,
        (sum({{ fixed_point('util_avg_pct') }}) / 10000)::numeric(20, 4) as util_pct_hours,
        max(util_max_pct) as util_max_pct,
        sum(in_errors + out_errors)::bigint as errors,
        sum(in_discards + out_discards)::bigint as discards,
        sum(counter_resets)::bigint as counter_resets,
        count(link_up_minutes) as link_measured_hours,
        (sum({{ fixed_point('link_up_minutes') }}) / 10000)::numeric(20, 4) as link_up_minutes,
        sum(link_changes)::bigint as link_changes,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from measured
    group by
        date_key, host, interface_name, interface_key, device_key, device_version_key, site_key, customer_key
)

select * from summed
