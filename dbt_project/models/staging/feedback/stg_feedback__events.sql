with source as (
    select * from {{ source('feedback', 'feedback') }}
),

renamed as (
    select
        feedback_id,
        alert_key,
        model,
        device_key,
        customer_key,
        started_at,
        ended_at,
        label,
        given_by,
        given_at
    from source
)

select *
from renamed
where given_at <= {{ as_of() }}
