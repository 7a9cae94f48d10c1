{% macro alert_severity_key(level) -%}
    {#- Wazuh's rule level on the conformed scale, by the product's own buckets. -#}
    case
        when {{ level }} >= 15 then 4
        when {{ level }} >= 12 then 3
        when {{ level }} >= 7 then 2
        when {{ level }} >= 0 then 1
        else -1
    end
{%- endmacro %}

{% macro severity_name(severity_key) -%}
    {#- The name of a key of the conformed scale; -1 is unknown, -2 not applicable. -#}
    case {{ severity_key }}
        when 0 then 'info' when 1 then 'low' when 2 then 'medium' when 3 then 'high' when 4 then 'critical'
        when -2 then 'not applicable'
        else 'unknown'
    end
{%- endmacro %}
