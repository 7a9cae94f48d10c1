{{ config(dated_by=['{{ verdict_days() }}'], is_read_by_day=true) }}

with events as (
    select * from {{ ref('stg_feedback__events') }}
    where label in ('confirmed', 'false_positive')
)

-- who speaks last decides
select distinct on (model, device_key, started_at)
    model,
    device_key,
    started_at,
    ended_at,
    label = 'confirmed' as is_confirmed,
    given_at as known_at
from events
order by model asc, device_key asc, started_at asc, feedback_id desc
