{% macro forecast_days_to_judge() -%}
    {#-
        In an incremental build of forecast_outcomes, the days (date_key) of which something beside their measurements
        says that they are judged again: days that are over and were not, days that a run told of later than they were
        judged, and what a build for an earlier moment must not know.
    -#}
    select to_char(day.start, 'YYYYMMDD')::integer as date_key
    from (
        select to_date(max(date_key)::text, 'YYYYMMDD') + 1 as first_day
        from {{ this }}
    ) as judged
    cross join ({{ newest_measured_day() }}) as measured
    cross join generate_series(
        judged.first_day::timestamp, measured.date_day::timestamp, interval '1 day'
    ) as day (start)
    union
    select distinct to_char(forecasts.ds, 'YYYYMMDD')::integer as date_key
    from {{ source('predictions', 'forecasts') }} as forecasts
    cross join ({{ newest_measured_day() }}) as measured
    where
        forecasts.first_day > (select coalesce(max(first_day), '-infinity'::date) from {{ this }})
        and forecasts.ds <= measured.date_day
    union
    select distinct built.date_key
    from {{ this }} as built
    where built.forecast_as_of > {{ as_of() }} or built.date_key >= {{ date_key(as_of()) }}
{%- endmacro %}

{% macro newest_measured_day() -%}
    {#- The newest day (date) that was over at the moment and has any measurement; one row. -#}
    select to_date(max(date_key)::text, 'YYYYMMDD') as date_day
    from {{ ref('feat_capacity_daily') }}
    where date_key < {{ date_key(as_of()) }}
{%- endmacro %}

{% macro forget_outcomes_of_dropped_runs() -%}
    {#- Outcomes stay as long as the forecasts of their run do, so that the counts of both are the same. -#}
    {%- if is_incremental() -%}
        delete from {{ this }}
        where first_day = any(array(
            select run.start::date
            from (
                select
                    min(first_day)::timestamp as oldest,
                    max(first_day)::timestamp as newest
                from {{ this }}
            ) as built
            cross join generate_series(built.oldest, built.newest, interval '1 day') as run (start)
            where
                not exists (
                    select from {{ source('predictions', 'forecasts') }} as forecasts
                    where forecasts.first_day = run.start::date
                )
        ))
    {%- endif -%}
{%- endmacro %}

{% macro days_until(bound, threshold) -%}
    {#- Of the forecasts of a run: days from the last measured one until `bound` is at the threshold; null if never. -#}
    min(ds - first_day + 1) filter (where {{ bound }} >= {{ threshold }})
{%- endmacro %}

{% macro probability_of_reaching(threshold) -%}
    {#-
        The probability that a day's use is at least `threshold`, by straight lines between the five quantiles of its
        forecast (columns yhat…); beyond the outer ones it is 1 and 0, as far as they tell. Null without a threshold.
    -#}
    case
        when yhat is null or {{ threshold }} is null then null
        when {{ threshold }} <= yhat_lower_95 then 1
        when {{ threshold }} <= yhat_lower_80
            then {{ _between_quantiles(threshold, 'yhat_lower_95', 'yhat_lower_80', 0.975, 0.9) }}
        when {{ threshold }} <= yhat then {{ _between_quantiles(threshold, 'yhat_lower_80', 'yhat', 0.9, 0.5) }}
        when {{ threshold }} <= yhat_upper_80 then {{ _between_quantiles(threshold, 'yhat', 'yhat_upper_80', 0.5, 0.1) }}
        when {{ threshold }} <= yhat_upper_95
            then {{ _between_quantiles(threshold, 'yhat_upper_80', 'yhat_upper_95', 0.1, 0.025) }}
        else 0
    end
{%- endmacro %}

{% macro _between_quantiles(value, lower, upper, at_lower, at_upper) -%}
    {{ at_lower }} + ({{ at_upper }} - {{ at_lower }}) * ({{ value }} - {{ lower }}) / nullif({{ upper }} - {{ lower }}, 0)
{%- endmacro %}
