{% macro first_midnight(moment) -%}
    {#- The first UTC midnight not before a timestamptz, as a date: whoever looks at midnights sees it from then on. -#}
    (({{ moment }}) at time zone 'UTC' + interval '1 day' - interval '1 microsecond')::date
{%- endmacro %}
