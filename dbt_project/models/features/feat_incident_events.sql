with incidents as (
    select * from {{ ref('fct_incidents') }}
),

-- Whether an incident is a false positive is judged later, so all count. When one became known is not
-- kept; the five minutes of a load are far from an hour.
known as (
    select
        incident_key,
        device_key,
        greatest(occurred_at, detected_at) + interval '1 hour' as started_at,
        greatest(occurred_at, detected_at, resolved_at) + interval '1 hour' as last_known_at,
        is_open,
        incident_type as kind
    from incidents
    where device_key > 0
),

events as (
    select
        incident_key,
        device_key,
        started_at,
        case when not is_open then last_known_at end as ended_at,
        kind
    from known
    where started_at <= {{ as_of() }}
)

select * from events
