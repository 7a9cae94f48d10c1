with scores as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where is_flagged and as_of <= {{ as_of() }}
),

-- the outcomes of what was flagged, which an index knows among millions
outcomes as (
    select * from {{ ref('prediction_outcomes') }}
    where outcome in ('hit', 'false_alarm')
)

select
    {{ surrogate_key(
        'predictions.anomaly_scores',
        "scores.model || ' ' || scores.device_key || ' ' || extract(epoch from scores.hour)::bigint"
    ) }} as anomaly_key,
    scores.model as anomaly_type,
    'device' as entity_type,
    scores.device_key as entity_id,
    scores.hour as detected_at,
    scores.score,
    scores.severity,
    scores.factors as data,
    scores.baseline_score as baseline,
    case outcomes.outcome when 'false_alarm' then true when 'hit' then false end as is_false_positive,
    null::text as reviewed_by,
    null::timestamptz as reviewed_at
from scores
left join outcomes
    on
        scores.model = outcomes.model
        and scores.device_key = outcomes.device_key
        and scores.hour = outcomes.hour
