{% macro full_host_name(name) -%}
    {#- The fully qualified name without port, in lower case; null for a short name and an address. -#}
    case
        when lower(split_part(trim({{ name }}), ':', 1)) ~ '^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*$'
            then lower(split_part(trim({{ name }}), ':', 1))
    end
{%- endmacro %}
