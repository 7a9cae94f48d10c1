{% macro days_between_first_hours() -%}
    {#-
        In an incremental build of service_health_dashboard, which tells single hours of seven days: the days
        (date_key) between the first hour it tells and the first it is to tell, whichever is earlier.
    -#}
    select to_char(day.moment, 'YYYYMMDD')::integer as date_key
    from (
        select
            date_trunc('day', min(period_start) filter (where level = 'hour'), 'UTC') at time zone 'UTC' as told,
            date_trunc('day', {{ as_of() }} - interval '7 days', 'UTC') at time zone 'UTC' as wanted
        from {{ this }}
    ) as edge
    cross join generate_series(
        least(edge.told, edge.wanted), greatest(edge.told, edge.wanted), interval '1 day'
    ) as day (moment)
{%- endmacro %}
