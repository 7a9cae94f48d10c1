with scores as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where is_flagged and as_of <= {{ as_of() }}
),

-- the outcomes of what was flagged, which an index knows among millions
outcomes as (
    select * from {{ ref('prediction_outcomes') }}
    where outcome in ('hit', 'false_alarm')
),

feedback as (
    select * from {{ ref('stg_feedback__events') }}
),

-- whoever spoke last of an alert has reviewed the hours it had then
reviews as (
    select distinct on (feedback.model, feedback.device_key, reviewed.hour)
        feedback.model,
        feedback.device_key,
        reviewed.hour,
        feedback.given_by,
        feedback.given_at
    from feedback
    cross join
        generate_series(feedback.started_at, feedback.ended_at - interval '1 hour', interval '1 hour')
            as reviewed (hour)
    order by feedback.model asc, feedback.device_key asc, reviewed.hour asc, feedback.feedback_id desc
)

select
    {{ surrogate_key(
        'predictions.anomaly_scores',
        "scores.model || ' ' || scores.entity_key || ' ' || extract(epoch from scores.hour)::bigint"
    ) }} as anomaly_key,
    scores.model as anomaly_type,
    {{ anomalous_entity('scores.model') }} as entity_type,
    scores.entity_key as entity_id,
    scores.hour as detected_at,
    scores.score,
    scores.severity,
    scores.factors as data,
    scores.baseline_score as baseline,
    case outcomes.outcome when 'false_alarm' then true when 'hit' then false end as is_false_positive,
    reviews.given_by as reviewed_by,
    reviews.given_at as reviewed_at
from scores
left join outcomes
    on
        scores.model = outcomes.model
        and scores.entity_key = outcomes.entity_key
        and scores.hour = outcomes.hour
left join reviews
    on
        scores.model = reviews.model
        and scores.device_key = reviews.device_key
        and scores.hour = reviews.hour
