{% macro days(seconds) -%}
    {#- Seconds of any number type as days of 24 hours, rounded once. -#}
    round({{ seconds }}::numeric / 86400, 4)::numeric(20, 4)
{%- endmacro %}
