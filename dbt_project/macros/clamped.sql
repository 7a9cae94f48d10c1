{% macro clamped(value, lowest, highest) -%}
    {#- The value held within its possible range; null stays null, which least and greatest forget. -#}
    case when {{ value }} is not null then least(greatest({{ value }}, {{ lowest }}), {{ highest }}) end
{%- endmacro %}
