{% macro incident_days() -%}
    {#- The days (date_key) a row of fct_incidents concerns: from the day before it began to the one after its end. -#}
    {%- set begins = "least(occurred_at, detected_at) - interval '1 day'" -%}
    {%- set ends = "greatest(detected_at, coalesce(resolved_at, " ~ as_of() ~ ")) + interval '1 day'" -%}
    {{ date_key("generate_series(date_trunc('day', " ~ begins ~ ", 'UTC'), " ~ ends ~ ", interval '1 day')") }}
{%- endmacro %}
