{% macro fixed_point(column) -%}
    {#-
        A double as a whole number of ten-thousandths. Sums of doubles depend on row order and
        parallel plan, sums of whole numbers do not, and converting to numeric costs ten times as much.
    -#}
    round({{ column }} * 10000)::bigint
{%- endmacro %}
