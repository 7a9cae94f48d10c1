{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_interface_traffic_hourly'],
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with interface_hours as (
    select * from {{ ref('fct_interface_traffic_hourly') }}
    where has_event and {{ has_detail('date_key') }} and {{ in_changed_days() }}
),

kinds as (
    select
        interface_hours.date_key,
        interface_hours.hour,
        interface_hours.host,
        interface_hours.interface_name,
        interface_hours.interface_key,
        interface_hours.device_key,
        interface_hours.device_version_key,
        interface_hours.site_key,
        interface_hours.customer_key,
        kind.kind,
        kind.value
    from interface_hours
    cross join
        lateral (
            values
            (interface_hours.is_link_down, 'link_down', (60 - interface_hours.link_up_minutes)::numeric),
            (interface_hours.is_flapping, 'flap', interface_hours.link_changes),
            (interface_hours.is_saturated, 'saturation', interface_hours.util_max_pct::numeric),
            (
                interface_hours.has_error_burst,
                'error_burst',
                coalesce(interface_hours.in_errors, 0) + coalesce(interface_hours.out_errors, 0)
            )
        ) as kind (has_happened, kind, value)
    where kind.has_happened
)

select * from kinds
