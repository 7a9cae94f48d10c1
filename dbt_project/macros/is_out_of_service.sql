{% macro is_out_of_service(status) -%}
    {#- Whether NetBox's status of a device says that it is meant not to run, as opposed to failed. -#}
    {{ status }} in ('offline', 'planned', 'staged', 'inventory', 'decommissioning')
{%- endmacro %}
