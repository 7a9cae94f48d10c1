{% macro days_of_what_stands() -%}
    {#-
        In an incremental build of ticket_metrics_daily, the days (date_key) on which running promises stood or will
        stand, and those that were still to come: from shortly before the first of them to the newest one.
        Local days of customers lie up to two days apart. None if nothing `changed`.
    -#}
    select to_char(day.moment, 'YYYYMMDD')::integer as date_key
    from (
        select
            least(min(date_day) filter (where sla_running + sla_at_risk + sla_paused > 0), max(date_day)) - 2 as first_day
        from {{ this }}
    ) as stood
    cross join (
        select
            ({{ utc_date('max(event_at)') }}) + 1 as last_day
        from {{ ref('fct_ticket_events') }}
    ) as heard
    cross join (
        select max(greatest(rated_on, rating_requested_on)) as last_day
        from {{ ref('fct_tickets') }}
    ) as rated
    cross join generate_series(
        stood.first_day::timestamp, greatest(heard.last_day, rated.last_day)::timestamp, interval '1 day'
    ) as day (moment)
    where exists (select from changed)
{%- endmacro %}
