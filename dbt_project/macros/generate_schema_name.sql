{% macro generate_schema_name(custom_schema_name, node) -%}
    {#- The layer's schema as it is called: a target has its own database, so no prefix is needed. -#}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
