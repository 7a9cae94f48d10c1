{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

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
        extract(year from utc_hour)::integer as year
    from hours
)

select * from described
