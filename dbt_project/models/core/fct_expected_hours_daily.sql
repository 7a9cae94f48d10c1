{{ config(is_read_by_day=true) }}

with host_days as (
    select * from {{ ref('fct_infrastructure_daily') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

spans as (
    select
        device_key,
        min(first_hour) as first_hour,
        max(last_hour) + interval '1 hour' as end_hour
    from host_days
    group by device_key
),

-- the hours of each device's monitoring, by the version of the device that held when they began
version_spans as (
    select
        devices.device_key,
        devices.site_key,
        devices.customer_key,
        devices.role_name,
        greatest({{ next_full_hour('devices.valid_from') }}, spans.first_hour) as first_hour,
        least({{ next_full_hour('devices.valid_to') }}, spans.end_hour) as end_hour
    from spans
    inner join devices on spans.device_key = devices.device_key
),

version_days as (
    select
        *,
        generate_series(
            date_trunc('day', first_hour, 'UTC'), end_hour - interval '1 hour', interval '24 hours'
        ) as day_start
    from version_spans
    where first_hour < end_hour
),

expected_days as (
    select
        {{ date_key('day_start') }} as date_key,
        device_key,
        site_key,
        customer_key,
        role_name,
        {{ seconds_between(
            'greatest(first_hour, day_start)', "least(end_hour, day_start + interval '24 hours')"
        ) }} / 3600 as expected_device_hours
    from version_days
),

expected as (
    select
        date_key,
        site_key,
        role_name,
        customer_key,
        count(distinct device_key) as devices,
        sum(expected_device_hours)::bigint as expected_device_hours
    from expected_days
    group by date_key, site_key, role_name, customer_key
)

select * from expected
