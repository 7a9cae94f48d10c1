{% macro days_to_observe() -%}
    {#-
        In an incremental build of a model with a row for every midnight, the days (date_key) that are built beside
        those of which something changed: the midnights since the last build, and those that a build for an
        earlier moment must not know.
    -#}
    select to_char(midnight.moment, 'YYYYMMDD')::integer as date_key
    from (select to_date(max(built.date_key)::text, 'YYYYMMDD') as day from {{ this }} as built) as newest
    cross join
        generate_series((newest.day + 1)::timestamp, {{ utc_date(as_of()) }}::timestamp, interval '1 day')
            as midnight (moment)
    union
    select built.date_key
    from {{ this }} as built
    where built.date_key > {{ date_key(as_of()) }}
{%- endmacro %}
