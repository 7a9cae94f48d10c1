{{ config(materialized='view') }}

with hours as (
    select * from {{ ref('dim_time') }}
),

days as (
    select
        date_key,
        date_day,
        weekday,
        weekday_name,
        is_weekend,
        iso_week,
        iso_year,
        month,
        quarter,
        year,
        fiscal_period,
        fiscal_quarter,
        fiscal_year
    from hours
    where hour_of_day = 0
)

select * from days
