with devices as (
    select * from {{ ref('dim_device') }}
    where is_current and not is_deleted and device_key > 0
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

host_hours as (
    select * from {{ ref('fct_infrastructure') }}
    where date_key >= {{ date_key('(' ~ as_of() ~ " - interval '1 day')") }}
),

host_days as (
    select * from {{ ref('fct_infrastructure_daily') }}
),

outages as (
    select * from {{ ref('fct_device_outages') }}
    where is_open
),

incidents as (
    select * from {{ ref('fct_incidents') }}
    where is_open
),

newest_predictions as (
    {{ newest_incident_predictions() }}
),

latest as (
    select distinct on (device_key)
        device_key,
        hour,
        cpu_avg_pct,
        mem_avg_pct,
        disk_used_pct,
        temp_max_celsius,
        uptime_hours
    from host_hours
    order by device_key asc, hour desc, host asc
),

-- few devices have been silent for a day, so their days are looked up one by one
last_measured as (
    select
        devices.device_key,
        coalesce(latest.hour, before.last_hour) + interval '1 hour' as measured_until
    from devices
    left join latest on devices.device_key = latest.device_key
    left join
        lateral (
            select max(host_days.last_hour) as last_hour
            from host_days
            where devices.device_key = host_days.device_key and latest.device_key is null
        ) as before
        on true
),

open_incidents as (
    select
        device_key,
        count(*) as open_incidents,
        max(severity_key) as worst_severity_key
    from incidents
    group by device_key
),

final as (
    select
        devices.customer_key,
        devices.site_key,
        sites.site_name,
        devices.device_key,
        devices.device_name,
        devices.role_name,
        devices.device_type,
        devices.device_status as inventory_status,
        case
            when {{ is_out_of_service('devices.device_status') }} then 'out of service'
            when outages.outage_key is not null then 'down'
            when last_measured.measured_until >= {{ as_of() }} - interval '3 hours' then 'up'
            else 'unknown'
        end as device_state,
        outages.started_at as down_since,
        last_measured.measured_until,
        round(latest.cpu_avg_pct::numeric, 4) as cpu_avg_pct,
        round(latest.mem_avg_pct::numeric, 4) as mem_avg_pct,
        round(latest.disk_used_pct::numeric, 4) as disk_used_pct,
        round(latest.temp_max_celsius::numeric, 2) as temp_max_celsius,
        round(latest.uptime_hours::numeric, 4) as uptime_hours,
        coalesce(open_incidents.open_incidents, 0) as open_incidents,
        coalesce(open_incidents.worst_severity_key, -2) as worst_severity_key,
        newest_predictions.as_of as incident_predicted_from,
        newest_predictions.probability as incident_probability,
        newest_predictions.level as incident_level,
        newest_predictions.incident_type as likeliest_incident_type,
        newest_predictions.recommendation as incident_recommendation
    from devices
    left join sites on devices.site_key = sites.site_key
    left join last_measured on devices.device_key = last_measured.device_key
    left join latest on devices.device_key = latest.device_key
    left join outages on devices.device_key = outages.device_key
    left join open_incidents on devices.device_key = open_incidents.device_key
    left join newest_predictions on devices.device_key = newest_predictions.device_key
)

select * from final
