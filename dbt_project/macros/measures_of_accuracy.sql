{% macro measures_of_accuracy() -%}
    {#-
        The columns that say how good predictions were, from the counts and sums of prediction_accuracy, whatever
        they are added up over. Of forecasts (is_forecast) a hit is a use inside the 95 % band. MASE is the error
        over that of the same day of the week before (Hyndman and Koehler 2006), on the days judged.
    -#}
    case when not is_forecast then round(100.0 * hits / nullif(hits + false_alarms, 0), 4) end as precision_pct,
    case when not is_forecast then round(100.0 * hits / nullif(hits + misses, 0), 4) end as recall_pct,
    round(squared_error / nullif(probabilities, 0), 6) as brier_score,
    case when is_forecast then round(100.0 * hits / nullif(hits + misses, 0), 4) end as band_coverage_pct,
    case when is_forecast then round(absolute_error / nullif(hits + misses, 0), 6) end as mae,
    case when is_forecast then round(absolute_error / nullif(absolute_actual, 0), 6) end as wape,
    case when is_forecast then round(comparable_error / nullif(naive_error, 0), 6) end as mase
{%- endmacro %}
