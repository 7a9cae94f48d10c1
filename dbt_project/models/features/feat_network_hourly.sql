with interface_hours as (
    select * from {{ ref('fct_interface_traffic_hourly') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
    where model = 'network_anomaly'
),

incident_hours as (
    {{ hours_of_incidents('incidents') }}
),

verdict_hours as (
    {{ hours_of_verdicts('verdicts') }}
),

-- an interface of an unknown device has no key of its own
joined as (
    select
        interface_hours.interface_key,
        interface_hours.device_key,
        interface_hours.date_key,
        interface_hours.hour,
        interface_hours.in_bps_avg::double precision as in_bps_avg,
        interface_hours.out_bps_avg::double precision as out_bps_avg,
        interface_hours.util_max_pct,
        (interface_hours.in_errors + interface_hours.out_errors)::double precision as errors,
        (interface_hours.in_discards + interface_hours.out_discards)::double precision as discards,
        60 - interface_hours.link_up_minutes as link_down_minutes,
        interface_hours.link_changes::double precision as link_changes,
        interface_hours.coverage,
        coalesce(devices.role_name, 'unknown') as role_name,
        interface_hours.site_key,
        {{ masks_of_hour() }},
        interface_hours._known_at as known_at
    from interface_hours
    left join devices on interface_hours.device_version_key = devices.device_version_key
    left join incident_hours
        on
            interface_hours.device_key = incident_hours.device_key
            and interface_hours.hour = incident_hours.hour
    left join verdict_hours
        on
            interface_hours.device_key = verdict_hours.device_key
            and interface_hours.hour = verdict_hours.hour
    where interface_hours.device_key > 0 and interface_hours._known_at <= {{ as_of() }}
)

select * from joined
