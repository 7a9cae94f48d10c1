with anomaly_scores as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where is_flagged and as_of <= {{ as_of() }}
),

predictions as (
    select * from {{ ref('incident_predictions') }}
    where is_flagged
),

explained as (
    select
        model,
        version,
        entity_key,
        device_key,
        hour as as_of,
        factors
    from anomaly_scores
    union all
    select
        model,
        version,
        device_key as entity_key,
        device_key,
        as_of,
        factors
    from predictions
)

select
    explained.model,
    explained.version,
    explained.entity_key,
    explained.device_key,
    explained.as_of,
    factor.place::integer as factor_rank,
    coalesce(factor.said ->> 'feature', factor.said ->> 'metric') as feature,
    (factor.said ->> 'value')::double precision as value,
    (factor.said ->> 'expected')::double precision as expected,
    (factor.said ->> 'contribution')::double precision as contribution
from explained
cross join jsonb_array_elements(explained.factors) with ordinality as factor (said, place)
