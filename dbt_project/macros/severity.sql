{% macro severity_name(severity_key) -%}
    {#- The name of a key of the conformed scale; -1 is unknown, -2 not applicable. -#}
    case {{ severity_key }}
        when 0 then 'info' when 1 then 'low' when 2 then 'medium' when 3 then 'high' when 4 then 'critical'
        when -2 then 'not applicable'
        else 'unknown'
    end
{%- endmacro %}
