{% macro mbit_per_second(bytes) -%}
    {#- Bytes of an hour (numeric) as its mean rate in Mbit/s. -#}
    ({{ bytes }}) * 8 / 3600 / 1000000
{%- endmacro %}
