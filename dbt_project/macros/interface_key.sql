{% macro interface_key(device_key, interface_name) -%}
    {#-
        The key of an interface: its device and its name, since that is all that NetBox and Prometheus
        both know of it. An interface of an unknown device is unknown.
    -#}
    case
        when {{ device_key }} < 0 then -1
        else {{ surrogate_key('interface', [device_key, interface_name]) }}
    end
{%- endmacro %}
