-- A day counts at least the forecasts whose outcomes are there; more only once old runs are gone, none of which
-- reached into the newest five days.
with outcomes as (
    select
        date_key,
        model,
        count(*) as forecasts
    from {{ ref('forecast_outcomes') }}
    group by date_key, model
),

counted as (
    select
        date_key,
        model,
        sum(predictions) as forecasts
    from {{ ref('forecast_accuracy_daily') }}
    group by date_key, model
),

newest as (
    select to_char(to_date(max(date_key)::text, 'YYYYMMDD') - 4, 'YYYYMMDD')::integer as date_key
    from outcomes
)

select
    outcomes.date_key,
    outcomes.model,
    outcomes.forecasts,
    counted.forecasts as forecasts_counted
from outcomes
cross join newest
left join counted
    on
        outcomes.date_key = counted.date_key
        and outcomes.model = counted.model
where
    coalesce(counted.forecasts, 0) < outcomes.forecasts
    or (outcomes.date_key >= newest.date_key and counted.forecasts <> outcomes.forecasts)
