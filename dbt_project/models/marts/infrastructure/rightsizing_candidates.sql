with host_hours as (
    select * from {{ ref('fct_infrastructure') }}
    where
        device_key > 0
        and date_key >= {{ date_key('(' ~ as_of() ~ " - interval '30 days')") }}
        and hour >= {{ as_of() }} - interval '30 days'
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and not is_deleted
),

-- of its columns few are needed, so it must not be materialised
host_days as not materialized (
    select * from {{ ref('fct_infrastructure_daily') }}
    where device_key > 0 and date_key >= {{ date_key('(' ~ as_of() ~ " - interval '30 days')") }}
),

first_day as (
    select min(date_key) as date_key
    from host_days
),

-- Devices whose 95th percentile can be that of idle ones: so many of their hours are. Of the others no hour is
-- read. Days tell it, of the first of which some hours are older than thirty days.
quiet as materialized (
    select host_days.device_key
    from host_days
    cross join first_day
    group by host_days.device_key
    having
        sum(host_days.cpu_idle_hours) > floor(
            0.95 * (sum(host_days.cpu_measured_hours * (host_days.date_key > first_day.date_key)::integer) - 1)
        )
        or sum(host_days.mem_idle_hours) > floor(
            0.95 * (sum(host_days.mem_measured_hours * (host_days.date_key > first_day.date_key)::integer) - 1)
        )
),

measured as (
    select
        host_hours.device_key,
        count(host_hours.cpu_avg_pct) as cpu_hours,
        count(host_hours.mem_avg_pct) as mem_hours,
        percentile_cont(0.95) within group (order by host_hours.cpu_avg_pct) as cpu_p95_pct,
        percentile_cont(0.95) within group (order by host_hours.mem_avg_pct) as mem_p95_pct,
        max(host_hours.cpu_max_pct) as cpu_max_pct,
        max(host_hours.mem_max_pct) as mem_max_pct
    from host_hours
    -- a join, which looks up these devices' hours: in an array, every hour of thirty days would be sought
    inner join quiet on host_hours.device_key = quiet.device_key
    group by host_hours.device_key
),

resources as (
    select
        measured.device_key,
        resource.resource,
        resource.hours,
        resource.p95_pct,
        resource.max_pct
    from measured
    cross join lateral (
        values
        ('cpu', measured.cpu_hours, measured.cpu_p95_pct, measured.cpu_max_pct),
        ('mem', measured.mem_hours, measured.mem_p95_pct, measured.mem_max_pct)
    ) as resource (resource, hours, p95_pct, max_pct)
),

-- of a device measured for less than 60 % of the 720 hours nobody knows what it needs
final as (
    select
        devices.customer_key,
        devices.site_key,
        resources.device_key,
        devices.device_name,
        devices.role_name,
        devices.device_type,
        resources.resource,
        resources.hours as measured_hours,
        round(resources.p95_pct::numeric, 4) as p95_pct,
        round(resources.max_pct::numeric, 4) as max_pct
    from resources
    inner join devices on resources.device_key = devices.device_key
    where resources.hours >= 432 and resources.p95_pct < {{ var('capacity_idle_pct') }}
)

select * from final
