with forecasts as (
    select * from {{ source('predictions', 'forecasts') }}
    where as_of <= {{ as_of() }}
),

outcomes as (
    select * from {{ ref('forecast_outcomes') }}
),

made as (
    select
        model,
        first_day,
        count(*) as forecasts
    from forecasts
    group by model, first_day
),

due as (
    select
        model,
        first_day,
        outcome,
        count(*) as forecasts
    from outcomes
    group by model, first_day, outcome
),

open_ones as (
    select
        made.model,
        made.first_day,
        'not_due' as outcome,
        made.forecasts - coalesce(sum(due.forecasts), 0)::bigint as forecasts
    from made
    left join due
        on
            made.model = due.model
            and made.first_day = due.first_day
    group by made.model, made.first_day, made.forecasts
)

select * from due
union all
select * from open_ones
where forecasts <> 0
