{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['feat_capacity_daily'],
        is_read_by_day=true,
        told_by=['model', 'version', 'device_key', 'first_day', 'yhat', 'actual', 'outcome', 'not_scored_reason'],
        pre_hook=[
            '{{ forget_changed_days(forecast_days_to_judge()) }}',
            '{{ forget_outcomes_of_dropped_runs() }}'
        ],
        indexes=[{'columns': ['date_key']}, {'columns': ['first_day']}, {'columns': ['forecast_as_of']}]
    )
}}

with forecasts as (
    select * from {{ source('predictions', 'forecasts') }}
    where as_of <= {{ as_of() }} and {{ in_changed_dates('ds') }}
),

measured_days as (
    select * from {{ ref('feat_capacity_daily') }}
    where {{ in_changed_days() }}
),

newest as (
    {{ newest_measured_day() }}
),

judged as (
    select
        forecasts.model,
        forecasts.version,
        forecasts.resource,
        forecasts.device_key,
        forecasts.first_day,
        to_char(forecasts.ds, 'YYYYMMDD')::integer as date_key,
        forecasts.ds as date_day,
        forecasts.ds - forecasts.first_day + 1 as days_ahead,
        forecasts.yhat,
        forecasts.yhat_lower_95,
        forecasts.yhat_upper_95,
        forecasts.not_scored_reason,
        case when not measured_days.is_masked then measured_days.y end as actual,
        forecasts.as_of as forecast_as_of,
        measured_days.known_at
    from forecasts
    cross join newest
    left join measured_days
        on
            forecasts.ds = measured_days.date_day
            and forecasts.device_key = measured_days.device_key
            and forecasts.resource = measured_days.resource
    where forecasts.ds <= newest.date_day
),

final as (
    select
        model,
        version,
        resource,
        device_key,
        first_day,
        date_key,
        date_day,
        days_ahead,
        yhat,
        actual,
        actual - yhat as error,
        not_scored_reason,
        case
            when yhat is null or actual is null then 'expired'
            when actual between yhat_lower_95 and yhat_upper_95 then 'hit'
            else 'miss'
        end as outcome,
        forecast_as_of,
        case
            when yhat is null then forecast_as_of
            when actual is null then (date_day + 1)::timestamp at time zone 'UTC'
            else known_at
        end as outcome_known_at
    from judged
)

select * from final
