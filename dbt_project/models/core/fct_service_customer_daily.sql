{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_service_hourly'],
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with service_hours as (
    select * from {{ ref('fct_service_hourly') }}
    where {{ has_detail('date_key') }} and {{ between_changed_days() }} and {{ in_changed_days() }}
)

select
    date_key,
    customer_key,
    count(distinct service) as services,
    count(distinct hour) filter (where requests is not null) as request_hours,
    sum(requests)::bigint as requests,
    sum(errors)::bigint as errors,
    max(request_p95_ms)::numeric(20, 3) as highest_p95_latency_ms
from service_hours
group by date_key, customer_key
