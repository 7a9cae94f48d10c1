{% macro priority_name(priority_code) -%}
    {#- What reports call Odoo's priorities. -#}
    case {{ priority_code }}
        when '0' then 'low' when '1' then 'medium' when '2' then 'high' when '3' then 'urgent' else 'unknown'
    end
{%- endmacro %}

{% macro local_date(moment, time_zone) -%}
    {#- The day of a timestamptz on the calendar of a time zone. -#}
    ({{ moment }} at time zone {{ time_zone }})::date
{%- endmacro %}
