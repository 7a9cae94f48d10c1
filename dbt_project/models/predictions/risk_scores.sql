with predictions as (
    {{ newest_incident_predictions() }}
)

select
    'device' as entity_type,
    device_key as entity_id,
    round(100 * probability::numeric, 2) as score,
    level,
    factors,
    method,
    as_of as last_calculated
from predictions
