with host_hours as (
    select
        device_version_key,
        hour as happened_at,
        device_key,
        site_key,
        customer_key
    from {{ ref('fct_infrastructure') }}
),

alerts as (
    select
        device_version_key,
        event_at as happened_at,
        device_key,
        site_key,
        customer_key
    from {{ ref('fct_security_alerts') }}
    where device_key <> -1
),

devices as (
    select * from {{ ref('dim_device') }}
),

facts as (
    select * from host_hours
    union all
    select * from alerts
),

contradictions as (
    select facts.*
    from facts
    inner join devices on facts.device_version_key = devices.device_version_key
    where
        facts.device_key <> devices.device_key
        or facts.site_key <> devices.site_key
        or facts.customer_key <> devices.customer_key
        or facts.happened_at < devices.valid_from
        or facts.happened_at >= devices.valid_to
)

select * from contradictions
