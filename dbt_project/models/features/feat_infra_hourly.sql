with host_hours as (
    select * from {{ ref('fct_infrastructure') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

real_incidents as (
    select
        device_key,
        occurred_at,
        greatest(coalesce(resolved_at, {{ as_of() }}), occurred_at) as ended_at
    from incidents
    where device_key > 0 and not is_false_positive and not is_duplicate
),

-- every hour h whose [h - 2 h, h + 3 h) an incident touches, marked where it touches [h, h + 1 h)
touched_hours as (
    select
        device_key,
        occurred_at,
        ended_at,
        generate_series(
            date_trunc('hour', occurred_at, 'UTC') - interval '2 hours',
            ended_at + interval '2 hours',
            interval '1 hour'
        ) as hour
    from real_incidents
),

incident_hours as (
    select
        device_key,
        hour,
        bool_or(occurred_at < hour + interval '1 hour' and ended_at >= hour) as is_overlapped
    from touched_hours
    group by device_key, hour
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
    where model = 'infrastructure_anomaly'
),

-- the same hours of an alert that people judged, from its first step to the end of its last one
judged_hours as (
    select
        is_confirmed,
        known_at,
        device_key,
        started_at,
        ended_at,
        generate_series(started_at - interval '2 hours', ended_at + interval '1 hour', interval '1 hour') as hour
    from verdicts
),

verdict_hours as (
    select
        device_key,
        hour,
        min(known_at) filter (where is_confirmed and hour >= started_at and hour < ended_at) as confirmed_at,
        min(known_at) filter (where is_confirmed) as near_confirmed_at,
        min(known_at) filter (where not is_confirmed and hour >= started_at and hour < ended_at) as dismissed_at
    from judged_hours
    group by device_key, hour
),

joined as (
    select
        host_hours.device_key,
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
        coalesce(incident_hours.is_overlapped, false) as is_masked,
        incident_hours.hour is not null as is_incident,
        verdict_hours.confirmed_at,
        verdict_hours.near_confirmed_at,
        verdict_hours.dismissed_at,
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
