{% macro verdict_days() -%}
    {#- The days (date_key) of scores that a row of int_feedback__verdicts judges. -#}
    {%- set begins = "date_trunc('day', started_at - interval '1 day', 'UTC')" -%}
    {{ date_key("generate_series(" ~ begins ~ ", ended_at + interval '1 day', interval '1 day')") }}
{%- endmacro %}
