{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        pre_hook="{{ forget_later_crossings() }}",
        indexes=[{'columns': ['date_key']}]
    )
}}

-- a run that was read keeps what was said first, so only newer ones are read, and the newest again
with runs as (
    select * from {{ ref('forecast_runs') }}
    where
        first_day >= {{ utc_date(alerts_since()) }}
        {% if is_incremental() %}
            and first_day >= (select coalesce(max(built.first_day), '-infinity'::date) from {{ this }} as built)
        {% endif %}
),

outlooks as (
    select * from {{ ref('capacity_outlook') }}
    where first_day = any(array(select runs.first_day from runs))
)

select
    to_char(first_day, 'YYYYMMDD')::integer as date_key,
    model,
    version,
    resource,
    device_key,
    first_day,
    case
        when days_to_critical_p50 is not null then 4
        when days_to_critical_p10 is not null then 3
        else 2
    end as severity_key,
    peak,
    peak_day,
    days_to_critical_p50,
    days_to_critical_p10,
    days_to_warn_p50,
    critical_probability,
    recommendation
from outlooks
where days_to_critical_p50 is not null or days_to_critical_p10 is not null or days_to_warn_p50 is not null
