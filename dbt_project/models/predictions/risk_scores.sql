-- what was said of a week that has begun two days ago says little of the next
with predictions as (
    select * from {{ ref('incident_predictions') }}
    where is_publishable and as_of >= {{ as_of() }} - interval '2 days'
)

select distinct on (device_key)
    'device' as entity_type,
    device_key as entity_id,
    round(100 * probability::numeric, 2) as score,
    level,
    factors,
    method,
    as_of as last_calculated
from predictions
order by device_key asc, as_of desc, scored_at desc
