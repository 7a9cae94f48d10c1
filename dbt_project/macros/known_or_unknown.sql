{% macro known_or_unknown(column, values, name=none) -%}
    {#-
        A value of a list that the vendor or the customer may extend: what is not in `values` becomes
        'unknown' and keeps the original beside it as <name>_original. The test `values_known` counts
        them.
    -#}
    {%- set name = name or column -%}
    case when {{ column }} in ('{{ values | join("', '") }}') then {{ column }} else 'unknown' end as {{ name }},
        {{ column }} as {{ name }}_original
{%- endmacro %}
