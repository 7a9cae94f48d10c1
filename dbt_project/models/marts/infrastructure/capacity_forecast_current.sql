with outlooks as (
    select * from {{ ref('capacity_outlook') }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and not is_deleted
),

runs as (
    select * from {{ ref('forecast_runs') }}
),

final as (
    select
        devices.customer_key,
        devices.site_key,
        devices.device_key,
        devices.device_name,
        devices.role_name,
        outlooks.resource,
        case outlooks.resource when 'net' then 'Mbit/s' else '%' end as unit,
        outlooks.first_day,
        outlooks.not_scored_reason,
        outlooks.peak,
        outlooks.peak_day,
        outlooks.last_yhat,
        outlooks.last_upper_95,
        outlooks.days_to_warn_p10,
        outlooks.days_to_warn_p50,
        outlooks.days_to_warn_p90,
        outlooks.days_to_critical_p10,
        outlooks.days_to_critical_p50,
        outlooks.days_to_critical_p90,
        outlooks.critical_probability,
        outlooks.recommendation
    from outlooks
    inner join devices on outlooks.device_key = devices.device_key
    where outlooks.first_day = (select max(runs.first_day) from runs)
)

select * from final
