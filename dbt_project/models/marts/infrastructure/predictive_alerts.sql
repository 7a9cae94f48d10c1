with alerts as (
    select * from {{ ref('alerts') }}
),

device_versions as (
    select * from {{ ref('dim_device') }}
    where not is_deleted
),

-- whose device it was when the alert began, so that nobody sees a former or later owner's
placed as (
    select
        alerts.*,
        coalesce(device_versions.customer_key, -1) as customer_key,
        coalesce(device_versions.site_key, -1) as site_key,
        coalesce(device_versions.device_name, 'unknown') as device_name
    from alerts
    left join device_versions
        on
            alerts.device_key = device_versions.device_key
            and alerts.started_at >= device_versions.valid_from
            and alerts.started_at < device_versions.valid_to
)

select
    customer_key,
    site_key,
    device_key,
    device_name,
    alert_key,
    alert_type,
    model,
    version,
    started_at,
    last_step_at,
    ended_at,
    steps,
    quantity,
    predicted_value,
    measured_value,
    confidence,
    severity_key,
    {{ severity_name('severity_key') }} as severity,
    reason,
    speaks_until,
    is_active,
    acknowledged_at,
    acknowledged_by,
    is_false_positive,
    is_confirmed,
    reviewed_at,
    reviewed_by,
    action_taken_at,
    recommendation
from placed
