{% macro days_to_rebuild(arrivals, moment, period='day') -%}
    {#-
        In an incremental build: the UTC days (date_key) of the rows that arrived since the last one, those of
        devices of which the inventory meanwhile says otherwise, and whole_days_to_rebuild. The date_key of `this`
        is that of a day or of a month, as `period` says.
    -#}
    select distinct {{ date_key(moment) }} as date_key
    from {{ arrivals }}
    where {{ arrived_since_build() }}
    union
    {{ reversioned_days(period) }}
    union
    {{ whole_days_to_rebuild() }}
{%- endmacro %}

{% macro hours_to_rebuild(arrivals) -%}
    {#- The same of a model by hours, of arrivals with an hour: exactly these hours (timestamptz), and whole days. -#}
    select hour
    from {{ arrivals }}
    where {{ arrived_since_build() }}
    union
    {{ reversioned_hours() }}
    union
    select
        generate_series(
            {{ day_start('days.date_key') }}, {{ day_start('days.date_key') }} + interval '23 hours', interval '1 hour'
        ) as hour
    from ({{ whole_days_to_rebuild() }}) as days
{%- endmacro %}

{% macro whole_days_to_rebuild() -%}
    {#-
        In an incremental build: the UTC days (date_key) of hosts whose name turned out to be shared, and those
        asked for by name.
    -#}
    {{ rekeyed_days(of_shared_names=true) }}
    union
    {{ days_asked_for() }}
{%- endmacro %}
