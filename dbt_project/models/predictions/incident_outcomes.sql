{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_incidents', 'int_feedback__verdicts'],
        days_reach=[-7, 0],
        is_read_by_day=true,
        pre_hook='{{ forget_changed_days(midnights_to_judge()) }}',
        indexes=[{'columns': ['date_key']}, {'columns': ['outcome', 'as_of']}, {'columns': ['scored_as_of']}]
    )
}}

-- depends_on: {{ ref('fct_incidents') }} and {{ ref('int_feedback__verdicts') }}, which tell whose labels changed

with predictions as (
    select * from {{ ref('incident_predictions') }}
    where {{ in_changed_midnights('as_of') }}
),

device_days as (
    select
        device_key,
        date_key,
        is_incident,
        label_known_at
    from {{ ref('feat_incident_daily') }}
    where {{ in_changed_days() }}
),

observed as (
    {{ incidents_observed_until() }}
),

due as (
    select
        predictions.model,
        predictions.version,
        predictions.device_key,
        predictions.date_key,
        predictions.as_of,
        predictions.is_publishable as is_scored,
        predictions.not_scored_reason,
        predictions.is_flagged,
        predictions.probability,
        predictions.incident_type,
        predictions.scored_at as scored_as_of,
        predictions.as_of + interval '7 days' as due_at,
        device_days.date_key is not null as is_known,
        device_days.is_incident,
        device_days.label_known_at,
        observed.observed_until
    from predictions
    cross join observed
    left join device_days
        on
            predictions.device_key = device_days.device_key
            and predictions.date_key = device_days.date_key
),

judged as (
    select
        *,
        case
            when not is_scored then 'expired'
            when not is_known then 'unknown'
            when is_incident and is_flagged then 'hit'
            when is_incident then 'miss'
            when is_flagged and not is_incident then 'false_alarm'
            when not is_incident then 'correct_reject'
            when due_at > observed_until then 'not_due'
            else 'expired'
        end as outcome
    from due
)

select
    model,
    version,
    device_key,
    as_of,
    date_key,
    is_scored,
    not_scored_reason,
    is_flagged,
    probability,
    incident_type,
    scored_as_of,
    due_at,
    outcome,
    case
        when outcome in ('hit', 'miss', 'false_alarm', 'correct_reject') then greatest(label_known_at, scored_as_of)
        when not is_scored or outcome = 'unknown' then scored_as_of
        when outcome = 'expired' then due_at
    end as outcome_known_at
from judged
