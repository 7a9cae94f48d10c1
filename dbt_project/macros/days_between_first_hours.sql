{% macro days_between_first_hours() -%}
    {#-
        In an incremental build of service_health_dashboard, which tells single hours of seven days: the days
        (date_key) between the first hour it tells and the first it is to tell, whichever is earlier; none if
        these are the same.
    -#}
    select distinct {{ date_key('hours.hour') }} as date_key
    from (
        select
            coalesce(min(period_start) filter (where level = 'hour'), {{ as_of() }}) as told,
            date_trunc('hour', {{ as_of() }} - interval '7 days' + interval '59 minutes 59 seconds', 'UTC') as wanted
        from {{ this }}
    ) as first_hour
    cross join generate_series(
        least(first_hour.told, first_hour.wanted), greatest(first_hour.told, first_hour.wanted), interval '1 hour'
    ) as hours (hour)
    where first_hour.told <> first_hour.wanted
{%- endmacro %}
