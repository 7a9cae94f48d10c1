{% macro idle_below_pct() -%}
    {#- Of which use, in percent, a device had too much: a 95th percentile below it calls for a smaller one. -#}
    20
{%- endmacro %}
