{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['network_metrics_daily'],
        names_of={'device_name': 'dim_device.device_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

-- depends_on: {{ ref('dim_device') }}, whose names are given to rows of other days

with interface_days as (
    select * from {{ ref('network_metrics_daily') }}
    where {{ in_changed_days() }}
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
