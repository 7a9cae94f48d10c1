with host_hours as (
    select * from {{ ref('fct_infrastructure') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
    where model = 'infrastructure_anomaly'
),

incident_hours as (
    {{ hours_of_incidents('incidents') }}
),

verdict_hours as (
    {{ hours_of_verdicts('verdicts') }}
),

joined as (
    select
        host_hours.device_key,
        host_hours.date_key,
        host_hours.hour,
        host_hours.cpu_avg_pct,
        host_hours.mem_avg_pct,
        host_hours.disk_used_pct,
        host_hours.net_in_bytes::double precision as net_in_bytes,
        host_hours.net_out_bytes::double precision as net_out_bytes,
        host_hours.temp_max_celsius,
        host_hours.power_avg_watts,
        host_hours.uptime_hours,
        host_hours.coverage,
        host_hours.role_name,
        host_hours.site_key,
        {{ masks_of_hour() }},
        host_hours._known_at as known_at
    from host_hours
    left join incident_hours
        on
            host_hours.device_key = incident_hours.device_key
            and host_hours.hour = incident_hours.hour
    left join verdict_hours
        on
            host_hours.device_key = verdict_hours.device_key
            and host_hours.hour = verdict_hours.hour
    where host_hours._known_at <= {{ as_of() }}
)

select * from joined
