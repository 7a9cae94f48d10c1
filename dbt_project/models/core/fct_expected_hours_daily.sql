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

-- versions follow each other, so that only on its first day one may find its device counted in the same slice
numbered as (
    select
        *,
        coalesce(
            max(end_hour) over (
                partition by device_key, site_key, role_name, customer_key
                order by first_hour
                rows between unbounded preceding and 1 preceding
            ) > date_trunc('day', first_hour, 'UTC'),
            false
        ) as is_counted_before
    from version_spans
    where first_hour < end_hour
),

version_days as (
    select
        *,
        generate_series(
            date_trunc('day', first_hour, 'UTC'), end_hour - interval '1 hour', interval '24 hours'
        ) as day_start
    from numbered
),

-- by the moment, which is cheaper to compare than to write as a key
expected as (
    select
        day_start,
        site_key,
        role_name,
        customer_key,
        count(*) filter (where first_hour <= day_start or not is_counted_before) as devices,
        sum(
            {{ seconds_between(
                'greatest(first_hour, day_start)', "least(end_hour, day_start + interval '24 hours')"
            ) }} / 3600
        )::bigint as expected_device_hours
    from version_days
    group by day_start, site_key, role_name, customer_key
),

final as (
    select
        {{ date_key('day_start') }} as date_key,
        site_key,
        role_name,
        customer_key,
        devices,
        expected_device_hours
    from expected
)

select * from final
