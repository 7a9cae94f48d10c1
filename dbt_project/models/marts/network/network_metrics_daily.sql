{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['device_key', 'device_name']},
            {'columns': ['site_key', 'site_name']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with interface_days as not materialized (
    select * from {{ ref('fct_interface_traffic_daily') }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and device_key > 0
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

{% if is_incremental() %}
    -- names are those of now: the days of what was renamed are built again. First and last name in the
    -- order of the index tell whether any row bears another, without reading the rows.
    renamed_sites as (
        select sites.site_key
        from sites
        cross join
            lateral (
                select
                    min(built.site_name) as first_name,
                    max(built.site_name) as last_name
                from {{ this }} as built
                where built.site_key = sites.site_key
            ) as told
        where sites.site_name <> told.first_name or sites.site_name <> told.last_name
    ),

    renamed_devices as (
        select devices.device_key
        from devices
        cross join
            lateral (
                select
                    min(built.device_name) as first_name,
                    max(built.device_name) as last_name
                from {{ this }} as built
                where built.device_key = devices.device_key
            ) as told
        where devices.device_name <> told.first_name or devices.device_name <> told.last_name
    ),

    days_told_anew as (
        select built.date_key
        from {{ this }} as built
        where
            built.site_key = any(array(select renamed_sites.site_key from renamed_sites))
            or built.device_key = any(array(select renamed_devices.device_key from renamed_devices))
        union
        {{ rekeyed_days() }}
    ),
{% endif %}

measured as (
    select *
    from interface_days
    {% if is_incremental() %}
        where
            {{ in_days_to_rebuild('interface_days', day_start('date_key')) }}
            or date_key = any(array(select days_told_anew.date_key from days_told_anew))
    {% endif %}
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
