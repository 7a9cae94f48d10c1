{{ config(materialized='incremental', incremental_strategy='append') }}

-- the calendar never changes, so only hours after the last one are added
with hours as (
    select
        generate_series(
            {% if is_incremental() %}
                (select max(hour_start) at time zone 'UTC' + interval '1 hour' from {{ this }}),
            {% else %}
                '2010-01-01 00:00'::timestamp,
            {% endif %}
            '2035-12-31 23:00'::timestamp,
            interval '1 hour'
        ) as utc_hour
),

described as (
    select
        utc_hour,
        to_char(utc_hour, 'YYYYMMDDHH24')::integer as time_key,
        to_char(utc_hour, 'YYYYMMDD')::integer as date_key,
        utc_hour at time zone 'UTC' as hour_start,
        utc_hour::date as date_day,
        extract(hour from utc_hour)::integer as hour_of_day,
        extract(isodow from utc_hour)::integer as weekday,
        (array['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'])[
            extract(isodow from utc_hour)::integer
        ] as weekday_name,
        extract(isodow from utc_hour) >= 6 as is_weekend,
        extract(week from utc_hour)::integer as iso_week,
        extract(isoyear from utc_hour)::integer as iso_year,
        extract(month from utc_hour)::integer as month,
        extract(quarter from utc_hour)::integer as quarter,
        extract(year from utc_hour)::integer as year,
        mod(extract(month from utc_hour)::integer - {{ var('fiscal_year_start_month') }} + 12, 12) + 1 as fiscal_period
    from hours
),

fiscal as (
    select
        time_key,
        date_key,
        hour_start,
        date_day,
        hour_of_day,
        weekday,
        weekday_name,
        is_weekend,
        iso_week,
        iso_year,
        month,
        quarter,
        year,
        fiscal_period,
        (fiscal_period + 2) / 3 as fiscal_quarter,
        -- called after the calendar year in which it ends
        extract(year from utc_hour + (12 - fiscal_period) * interval '1 month')::integer as fiscal_year
    from described
)

select * from fiscal
