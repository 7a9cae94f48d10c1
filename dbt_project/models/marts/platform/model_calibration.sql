{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['incident_outcomes'],
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with outcomes as (
    select * from {{ ref('incident_outcomes') }}
    where {{ in_changed_days() }} and outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')
),

binned as (
    select
        date_key,
        model,
        version,
        least(floor(probability * 10)::integer + 1, 10) as bin,
        probability::numeric as probability,
        outcome in ('hit', 'miss') as is_event
    from outcomes
),

summed as (
    select
        date_key,
        model,
        version,
        bin,
        count(*) as predictions,
        count(*) filter (where is_event) as events,
        round(sum(probability), 6) as expected_events
    from binned
    group by date_key, model, version, bin
)

select
    date_key,
    to_date(date_key::text, 'YYYYMMDD') as date_day,
    model,
    version,
    bin,
    predictions,
    events,
    expected_events,
    round(expected_events / predictions, 6) as mean_probability,
    round(events::numeric / predictions, 6) as observed_share
from summed
