{% macro days_of_loads(source, resource) -%}
    {#-
        In an incremental build: the UTC days (date_key) that the loads of an event cover which `this` does not hold
        yet. Where events are millions, their loads tell sooner than they themselves; a day without a new one may be
        among these. ops.loads is read as source_state reads it: a load of something else is no reason to build.
    -#}
    select to_char(day.start at time zone 'UTC', 'YYYYMMDD')::integer as date_key
    from ops.loads
    cross join
        generate_series(
            date_trunc('day', loads.window_start, 'UTC'), loads.window_end - interval '1 microsecond', interval '1 day'
        ) as day (start)
    where
        loads.source = '{{ source }}'
        and loads.resource = '{{ resource }}'
        and loads.new + loads.changed > 0
        and (
            loads.load_id > (select coalesce(max(built._load_id), '') from {{ this }} as built)
            -- of an earlier load what was not known at the moment of the last build
            or loads.window_end > (
                select coalesce(max(built._known_at), '-infinity'::timestamptz)
                from {{ this }} as built
            )
        )
{%- endmacro %}
