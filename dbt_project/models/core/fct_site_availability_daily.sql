{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_device_availability_daily'],
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with device_days as (
    select * from {{ ref('fct_device_availability_daily') }}
    where {{ in_changed_days() }}
)

select
    date_key,
    date_day,
    site_key,
    customer_key,
    count(*) as devices,
    sum(up_minutes)::numeric(20, 4) as up_minutes,
    sum(down_minutes)::numeric(20, 4) as down_minutes,
    sum(unknown_minutes)::numeric(20, 4) as unknown_minutes,
    sum(outages)::bigint as outages
from device_days
group by date_key, date_day, site_key, customer_key
