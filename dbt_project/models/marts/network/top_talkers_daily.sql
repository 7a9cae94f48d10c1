with interface_days as (
    select * from {{ ref('network_metrics_daily') }}
),

talkers as (
    select
        date_key,
        date_day,
        customer_key,
        traffic_rank,
        site_key,
        device_key,
        device_name,
        host,
        interface_key,
        interface_name,
        in_octets,
        out_octets,
        octets,
        share_pct,
        util_avg_pct,
        util_max_pct
    from interface_days
    where traffic_rank <= 20
)

select * from talkers
