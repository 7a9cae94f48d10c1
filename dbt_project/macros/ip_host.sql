{% macro ip_host(address) -%}
    {#- The address without its network and in lower case; null if the text is no address. -#}
    case
        when {{ address }} ~ '^[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]+)?$' or {{ address }} ~ '^[0-9a-fA-F]*:[0-9a-fA-F:.]+(/[0-9]+)?$'
            then lower(split_part({{ address }}, '/', 1))
    end
{%- endmacro %}
