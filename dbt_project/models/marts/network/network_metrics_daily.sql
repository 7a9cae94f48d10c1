{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_interface_traffic_daily'],
        is_read_by_day=true,
        names_of={'site_name': 'dim_site.site_name', 'device_name': 'dim_device.device_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}, {'columns': ['_known_at']}]
    )
}}

with measured as (
    select * from {{ ref('fct_interface_traffic_daily') }}
    where {{ in_changed_days() }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and device_key > 0
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

-- on the day a device changes, its interface has a row for either version
summed as (
    select
        date_key,
        customer_key,
        host,
        interface_name,
        (array_agg(interface_key order by device_version_key))[1] as interface_key,
        (array_agg(device_key order by device_version_key))[1] as device_key,
        (array_agg(site_key order by device_version_key))[1] as site_key,
        max(speed_bps) as speed_bps,
        sum(interface_hours)::bigint as measured_hours,
        round(100 * sum(covered_hours) / sum(interface_hours), 4) as coverage_pct,
        coalesce(sum(in_octets), 0) as in_octets,
        coalesce(sum(out_octets), 0) as out_octets,
        round(sum(util_pct_hours) / nullif(sum(util_measured_hours), 0), 4) as util_avg_pct,
        round(max(util_max_pct)::numeric, 4) as util_max_pct,
        sum(errors)::bigint as errors,
        sum(discards)::bigint as discards,
        60 * sum(link_measured_hours) - sum(link_up_minutes) as link_down_minutes,
        sum(link_changes)::bigint as link_changes,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from measured
    group by date_key, customer_key, host, interface_name
),

ranked as (
    select
        *,
        in_octets + out_octets as octets,
        round(
            100 * (in_octets + out_octets)
            / nullif(sum(in_octets + out_octets) over (partition by date_key, customer_key), 0), 4
        ) as share_pct,
        row_number() over (
            partition by date_key, customer_key
            order by in_octets + out_octets desc, host asc, interface_name asc
        )::integer as traffic_rank
    from summed
),

final as (
    select
        ranked.date_key,
        to_date(ranked.date_key::text, 'YYYYMMDD') as date_day,
        ranked.customer_key,
        ranked.site_key,
        sites.site_name,
        ranked.device_key,
        coalesce(devices.device_name, ranked.host) as device_name,
        ranked.host,
        ranked.interface_key,
        ranked.interface_name,
        ranked.speed_bps,
        ranked.measured_hours,
        ranked.coverage_pct,
        ranked.in_octets,
        ranked.out_octets,
        ranked.octets,
        ranked.share_pct,
        ranked.traffic_rank,
        ranked.util_avg_pct,
        ranked.util_max_pct,
        ranked.errors,
        ranked.discards,
        ranked.link_down_minutes,
        ranked.link_changes,
        ranked._known_at,
        ranked._load_id
    from ranked
    left join sites on ranked.site_key = sites.site_key
    left join devices on ranked.device_key = devices.device_key
)

select * from final
