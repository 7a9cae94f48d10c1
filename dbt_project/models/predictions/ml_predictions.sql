with versions as (
    select * from {{ ref('dim_model') }}
),

anomalies as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where as_of <= {{ as_of() }}
),

anomaly_outcomes as (
    select * from {{ ref('prediction_outcomes') }}
),

incidents as (
    select * from {{ ref('incident_predictions') }}
),

incident_outcomes as (
    select * from {{ ref('incident_outcomes') }}
),

forecasts as (
    select * from {{ source('predictions', 'forecasts') }}
    where as_of <= {{ as_of() }}
),

forecast_outcomes as (
    select * from {{ ref('forecast_outcomes') }}
),

predictions as (
    select
        anomalies.model,
        anomalies.version,
        'anomaly' as prediction_type,
        anomalies.entity_key as target_id,
        {{ anomalous_entity('anomalies.model') }} as target_type,
        anomalies.hour as predicted_for,
        anomalies.score as value,
        anomalies.coverage as confidence,
        jsonb_build_object(
            'severity', anomalies.severity, 'factors', anomalies.factors, 'reason', anomalies.not_scored_reason
        ) as data,
        outcomes.outcome as result
    from anomalies
    left join anomaly_outcomes as outcomes
        on
            anomalies.model = outcomes.model
            and anomalies.entity_key = outcomes.entity_key
            and anomalies.hour = outcomes.hour
    union all
    select
        incidents.model,
        incidents.version,
        'incident' as prediction_type,
        incidents.device_key as target_id,
        'device' as target_type,
        incidents.as_of as predicted_for,
        incidents.probability as value,
        incidents.coverage as confidence,
        jsonb_build_object(
            'level', incidents.level, 'incident_type', incidents.incident_type, 'factors', incidents.factors,
            'reason', incidents.not_scored_reason
        ) as data,
        outcomes.outcome as result
    from incidents
    left join incident_outcomes as outcomes
        on
            incidents.version = outcomes.version
            and incidents.device_key = outcomes.device_key
            and incidents.date_key = outcomes.date_key
    union all
    select
        forecasts.model,
        forecasts.version,
        'capacity' as prediction_type,
        forecasts.device_key as target_id,
        'device' as target_type,
        forecasts.ds::timestamp at time zone 'UTC' as predicted_for,
        forecasts.yhat as value,
        case when forecasts.yhat is not null then 0.95 end as confidence,
        jsonb_build_object(
            'first_day', forecasts.first_day, 'yhat_lower', forecasts.yhat_lower_95,
            'yhat_upper', forecasts.yhat_upper_95, 'reason', forecasts.not_scored_reason
        ) as data,
        coalesce(outcomes.outcome, 'not_due') as result
    from forecasts
    left join forecast_outcomes as outcomes
        on
            forecasts.model = outcomes.model
            and forecasts.first_day = outcomes.first_day
            and forecasts.device_key = outcomes.device_key
            and to_char(forecasts.ds, 'YYYYMMDD')::integer = outcomes.date_key
)

select
    versions.model_version_key as model_id,
    predictions.prediction_type,
    predictions.target_id,
    predictions.target_type,
    predictions.predicted_for,
    predictions.value,
    predictions.confidence,
    predictions.data,
    predictions.result
from predictions
left join versions
    on
        predictions.model = versions.model
        and predictions.version = versions.version
