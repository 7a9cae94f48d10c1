with alerts as (
    select * from {{ ref('predictive_alerts') }}
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
    started_at as recommended_from,
    severity_key,
    severity,
    recommendation,
    reason,
    case
        when is_false_positive then 'dismissed'
        when action_taken_at is not null then 'done'
        when not is_active then 'expired'
        when acknowledged_at is not null then 'acknowledged'
        else 'open'
    end as recommendation_state,
    case
        when is_false_positive then reviewed_at
        when action_taken_at is not null then action_taken_at
        when is_active then acknowledged_at
        else speaks_until
    end as state_since
from alerts
where recommendation is not null
