{% macro days_to_rebuild(arrivals, moment) -%}
    {#-
        In an incremental build: the UTC days (date_key) of the rows that arrived since the last one, those of
        hosts whose name turned out to be shared, and those asked for by name.
    -#}
    select distinct {{ date_key(moment) }} as date_key
    from {{ arrivals }}
    where {{ arrived_since_build() }}
    union
    {{ rekeyed_days(of_shared_names=true) }}
    union
    {{ days_asked_for() }}
{%- endmacro %}
