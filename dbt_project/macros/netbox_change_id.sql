{% macro netbox_change_id(state, field) -%}
    {#- The id of a related object in a state that NetBox's changelog keeps (jsonb); null if it names none. -#}
    case when {{ state }} ->> '{{ field }}' ~ '^[0-9]+$' then ({{ state }} ->> '{{ field }}')::bigint end
{%- endmacro %}
