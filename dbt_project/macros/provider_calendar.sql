{% macro provider_calendar(calendars) -%}
    {#- Of rows of int_calendar__assignments the provider's own (calendar_key), for whom no contract names one. -#}
    select calendar_key
    from {{ calendars }}
    where owner_kind = 'company'
    order by owner_id
    limit 1
{%- endmacro %}
