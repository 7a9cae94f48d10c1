with scores as (
    select * from {{ source('predictions', 'scores') }}
)

select
    model,
    version,
    entity_key as device_key,
    {{ date_key('as_of') }} as date_key,
    as_of,
    scored_at,
    probability,
    level,
    is_flagged,
    incident_type,
    type_probability,
    coverage,
    method,
    factors,
    recommendation,
    is_publishable,
    not_scored_reason
from scores
where model = 'device_incident_7d' and scored_at <= {{ as_of() }}
