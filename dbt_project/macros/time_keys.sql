{% macro date_key(moment) -%}
    {#- The UTC day of a timestamptz as an integer yyyymmdd. -#}
    to_char({{ moment }} at time zone 'UTC', 'YYYYMMDD')::integer
{%- endmacro %}

{% macro time_key(moment) -%}
    {#- The UTC hour of a timestamptz as an integer yyyymmddhh, the key of dim_time. -#}
    to_char({{ moment }} at time zone 'UTC', 'YYYYMMDDHH24')::integer
{%- endmacro %}

{% macro utc_date(moment) -%}
    {#- The UTC day of a timestamptz as a date, whatever the session's time zone. -#}
    ({{ moment }} at time zone 'UTC')::date
{%- endmacro %}

{% macro seconds_between(earlier, later) -%}
    {#- Whole seconds from one timestamptz to a later one; negative if the order is wrong. -#}
    extract(epoch from {{ later }} - {{ earlier }})::bigint
{%- endmacro %}

{% macro exact_seconds(earlier, later) -%}
    {#- Seconds from one timestamptz to a later one with their microseconds (numeric), fit for adding up. -#}
    trim_scale(extract(epoch from {{ later }} - {{ earlier }}))
{%- endmacro %}

{% macro day_start(date_key) -%}
    {#- The UTC midnight (timestamptz) at which the day of a date_key begins. -#}
    to_date({{ date_key }}::text, 'YYYYMMDD')::timestamp at time zone 'UTC'
{%- endmacro %}

{% macro next_full_hour(moment) -%}
    {#- The first full UTC hour not before a timestamptz. -#}
    date_trunc('hour', {{ moment }} + interval '59 minutes 59.999999 seconds', 'UTC')
{%- endmacro %}

{% macro month_key(date_key) -%}
    {#- The first day of the month of a date_key, as a date_key. -#}
    {{ date_key }} / 100 * 100 + 1
{%- endmacro %}
