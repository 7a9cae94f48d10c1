{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_incidents', 'int_feedback__verdicts'],
        is_read_by_day=true,
        pre_hook='{{ forget_changed_days(days_to_judge()) }}',
        indexes=[{'columns': ['date_key']}, {'columns': ['outcome', 'hour']}, {'columns': ['scored_as_of']}]
    )
}}

with scores as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where {{ in_changed_hours('hour') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

-- up to when the incident source has been read, and since when people have been writing incidents down
observed as (
    select
        ({{ incidents_observed_until() }}) as observed_until,
        ({{ incidents_recorded_since() }}) as observed_since
),

real_incidents as (
    select
        device_key,
        occurred_at,
        detected_at,
        greatest(coalesce(resolved_at, {{ as_of() }}), occurred_at) as ended_at
    from incidents
    where device_key > 0 and not is_false_positive and not is_duplicate
),

-- every hour h with an incident that starts in [h, h + 24 h) or touches [h - 2 h, h + 3 h)
touched_hours as (
    select
        device_key,
        detected_at,
        generate_series(
            date_trunc('hour', occurred_at, 'UTC') - interval '23 hours',
            ended_at + interval '2 hours',
            interval '1 hour'
        ) as hour
    from real_incidents
),

incident_hours as (
    select
        device_key,
        hour,
        min(detected_at) as detected_at
    from touched_hours
    group by device_key, hour
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
),

-- the same hours of an alert that was confirmed, and the alert's own if it was a false positive
judged_hours as (
    select
        model,
        device_key,
        is_confirmed,
        known_at,
        generate_series(started_at - interval '23 hours', ended_at + interval '1 hour', interval '1 hour') as hour
    from verdicts
    where is_confirmed
    union all
    select
        model,
        device_key,
        is_confirmed,
        known_at,
        generate_series(started_at, ended_at - interval '1 hour', interval '1 hour') as hour
    from verdicts
    where not is_confirmed
),

verdict_hours as (
    select
        model,
        device_key,
        hour,
        min(known_at) filter (where is_confirmed) as confirmed_at,
        min(known_at) filter (where not is_confirmed) as dismissed_at
    from judged_hours
    group by model, device_key, hour
),

due as (
    select
        scores.model,
        scores.version,
        scores.entity_key,
        scores.device_key,
        scores.hour,
        scores.as_of as scored_as_of,
        scores.score,
        scores.score is not null as is_scored,
        scores.not_scored_reason,
        scores.is_flagged,
        scores.hour + interval '24 hours' as due_at,
        -- null if neither
        least(incident_hours.detected_at, verdict_hours.confirmed_at) as incident_known_at,
        verdict_hours.dismissed_at,
        observed.observed_until,
        observed.observed_since
    from scores
    cross join observed
    left join incident_hours
        on
            scores.device_key = incident_hours.device_key
            and scores.hour = incident_hours.hour
    left join verdict_hours
        on
            scores.model = verdict_hours.model
            and scores.device_key = verdict_hours.device_key
            and scores.hour = verdict_hours.hour
    where scores.as_of <= {{ as_of() }}
),

judged as (
    select
        *,
        case
            when not is_scored then 'expired'
            when dismissed_at is not null and is_flagged then 'false_alarm'
            when incident_known_at is not null and is_flagged then 'hit'
            when incident_known_at is not null then 'miss'
            when due_at > observed_until then 'not_due'
            when hour < date_trunc('hour', observed_since, 'UTC') then 'expired'
            -- incidents are told of devices
            when device_key < 0 then 'expired'
            when is_flagged then 'false_alarm'
            else 'correct_reject'
        end as outcome
    from due
),

timed as (
    select
        model,
        version,
        entity_key,
        device_key,
        hour,
        {{ date_key('hour') }} as date_key,
        score,
        is_scored,
        not_scored_reason,
        is_flagged,
        scored_as_of,
        due_at,
        outcome,
        case
            when not is_scored then scored_as_of
            when outcome in ('hit', 'miss') then greatest(incident_known_at, hour + interval '1 hour')
            when
                outcome = 'false_alarm'
                and (
                    incident_known_at is not null
                    or due_at > observed_until
                    or hour < date_trunc('hour', observed_since, 'UTC')
                )
                then dismissed_at
            -- nobody had to dismiss it any more once it was due
            when outcome = 'false_alarm' then least(dismissed_at, due_at)
            when outcome <> 'not_due' then due_at
        end as outcome_known_at
    from judged
)

select * from timed
