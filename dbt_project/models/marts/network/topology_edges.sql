with links as (
    select * from {{ ref('bridge_interface_link') }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and not is_deleted
),

interface_days as (
    select * from {{ ref('fct_interface_traffic_daily') }}
),

-- each by one look into the index; a list of all days would read every row
newest_day as (
    select max(date_key) as date_key
    from {{ ref('fct_interface_traffic_daily') }}
),

day_before as (
    select max(date_key) as date_key
    from {{ ref('fct_interface_traffic_daily') }}
    where date_key < (select newest_day.date_key from newest_day)
),

-- how busy each interface was on the last day that measured it within the newest two
latest as (
    select distinct on (interface_key)
        interface_key,
        round(util_pct_hours / nullif(util_measured_hours, 0), 4) as util_avg_pct,
        round(util_max_pct::numeric, 4) as util_max_pct
    from interface_days
    where
        interface_key > 0
        and date_key >= (
            select coalesce(day_before.date_key, newest_day.date_key)
            from newest_day
            cross join day_before
        )
    order by interface_key asc, date_key desc, interface_hours desc, device_version_key asc
),

final as (
    select
        links.interface_link_key,
        near.customer_key,
        near.site_key,
        links.device_key,
        near.device_name,
        near.role_name,
        links.interface_name,
        links.far_kind,
        links.far_device_key,
        far.device_name as far_device_name,
        far.role_name as far_role_name,
        far.site_key as far_site_key,
        links.far_interface_name,
        links.circuit_name,
        links.provider_name,
        links.cable_status,
        links.cable_type,
        coalesce(
            least(links.speed_bps, coalesce(links.commit_rate_bps, links.speed_bps)), links.commit_rate_bps
        ) as capacity_bps,
        greatest(here.util_avg_pct, there.util_avg_pct) as util_avg_pct,
        greatest(here.util_max_pct, there.util_max_pct) as util_max_pct
    from links
    inner join devices as near on links.device_key = near.device_key
    left join devices as far on links.far_device_key = far.device_key and links.far_device_key > 0
    left join latest as here on links.interface_key = here.interface_key
    left join latest as there on links.far_interface_key = there.interface_key
)

select * from final
