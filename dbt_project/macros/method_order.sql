{% macro method_order(method) -%}
    {#- The place of a way of recognising a device among all: which one is named where several agree. -#}
    array_position(
        array['name', 'full name', 'short name and site', 'serial', 'primary address', 'former name'], {{ method }}
    )
{%- endmacro %}

{% macro method_confidence(method) -%}
    {#- How sure a match is, 0 to 1: a choice of ours, which orders the methods rather than measures them. -#}
    case {{ method }}
        when 'customer map' then 1.00
        when 'full name' then 0.95
        when 'serial' then 0.95
        when 'name' then 0.90
        when 'short name and site' then 0.90
        when 'slug' then 0.90
        when 'primary address' then 0.80
        when 'former name' then 0.70
    end::numeric(3, 2)
{%- endmacro %}
