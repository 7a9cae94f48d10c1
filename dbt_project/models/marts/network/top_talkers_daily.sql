with interface_days as (
    select * from {{ ref('fct_interface_traffic_daily') }}
),

devices as (
    select * from {{ ref('dim_device') }}
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
        coalesce(sum(in_octets), 0) as in_octets,
        coalesce(sum(out_octets), 0) as out_octets,
        round(sum(util_pct_hours) / nullif(sum(util_measured_hours), 0), 4) as util_avg_pct,
        round(max(util_max_pct)::numeric, 4) as util_max_pct
    from interface_days
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
        ranked.traffic_rank,
        ranked.site_key,
        ranked.device_key,
        coalesce(devices.device_name, ranked.host) as device_name,
        ranked.host,
        ranked.interface_key,
        ranked.interface_name,
        ranked.in_octets,
        ranked.out_octets,
        ranked.octets,
        ranked.share_pct,
        ranked.util_avg_pct,
        ranked.util_max_pct
    from ranked
    left join devices on ranked.device_key = devices.device_key and ranked.device_key > 0
    where ranked.traffic_rank <= 20
)

select * from final
