{{ config(dated_by=['{{ verdict_days() }}'], is_read_by_day=true) }}

with events as (
    select * from {{ ref('stg_feedback__events') }}
    where label in ('confirmed', 'false_positive')
)

-- who speaks last decides, also of an alert that has grown since
select
    model,
    device_key,
    started_at,
    ended_at,
    label = 'confirmed' as is_confirmed,
    given_at as known_at
from events
where
    not exists (
        select from events as later
        where
            later.model = events.model
            and later.device_key = events.device_key
            and later.started_at < events.ended_at
            and later.ended_at > events.started_at
            and later.feedback_id > events.feedback_id
    )
