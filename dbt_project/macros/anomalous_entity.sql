{% macro anomalous_entity(model) -%}
    {#- What the entity_key of an anomaly model's rows stands for: an interface, an agent or a device. -#}
    case {{ model }}
        when 'network_anomaly' then 'interface'
        when 'security_anomaly' then 'agent'
        else 'device'
    end
{%- endmacro %}
