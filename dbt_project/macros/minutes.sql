{% macro minutes(seconds) -%}
    {#- Seconds of any number type as minutes, rounded once. -#}
    round({{ seconds }}::numeric / 60, 4)::numeric(20, 4)
{%- endmacro %}
