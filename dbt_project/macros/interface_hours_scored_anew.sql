{% macro interface_hours_scored_anew() -%}
    {#-
        In an incremental build of network_metrics_hourly, the hours (timestamptz) that were scored since the last one,
        most of which arrive with their scores, and those whose scores a build for an earlier moment must not know.
    -#}
    select distinct hour
    from {{ ref('prediction_outcomes') }}
    where
        model = 'network_anomaly'
        and scored_as_of > (select coalesce(max(scored_as_of), '-infinity'::timestamptz) from {{ this }})
    union
    select distinct hour
    from {{ this }}
    where scored_as_of > {{ as_of() }}
{%- endmacro %}
