{% macro is_blocking(rule_groups) -%}
    {#- Whether a rule of these groups tells that a manager acted by itself: a host or an address was blocked. -#}
    {{ rule_groups }} ?| array['active_response', 'firewall_drop']
{%- endmacro %}
