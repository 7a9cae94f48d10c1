{% macro counted(number, thing) -%}
    {#- A count with its noun, as `1 ticket` or `0 tickets`; also for a whole number of type numeric. -#}
    {{ number }}::bigint || ' {{ thing }}' || case when {{ number }} = 1 then '' else 's' end
{%- endmacro %}

{% macro signed(number, digits) -%}
    {#- A number with its sign and at most so many digits after the point: +1.25, -3, 0. -#}
    case when round({{ number }}::numeric, {{ digits }}) > 0 then '+' else '' end
    || trim_scale(round({{ number }}::numeric, {{ digits }}))
{%- endmacro %}

{% macro rounded(number, digits) -%}
    {#- A number with at most so many digits after the point. -#}
    trim_scale(round({{ number }}::numeric, {{ digits }}))
{%- endmacro %}

{% macro last_day() -%}
    {#- The newest UTC day that is over. -#}
    {{ utc_date(as_of()) }} - 1
{%- endmacro %}
