{% macro incident_type_key(incident_type) -%}
    {#- The key of a type of incident; -1 if it is unknown. -#}
    case
        when {{ incident_type }} = 'unknown' then -1
        else {{ surrogate_key('incident_types', incident_type) }}
    end
{%- endmacro %}
