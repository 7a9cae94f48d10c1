{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['forecast_outcomes', 'feat_capacity_daily'],
        days_reach=[0, 7],
        is_read_by_day=true,
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with outcomes as (
    select * from {{ ref('forecast_outcomes') }}
    where {{ in_changed_days() }}
),

week_before as (
    select
        device_key,
        resource,
        date_day + 7 as date_day,
        y
    from {{ ref('feat_capacity_daily') }}
    where not is_masked and {{ in_changed_days(days_before=7) }}
),

owners as (
    select * from {{ ref('dim_device') }}
),

judged as (
    select
        outcomes.date_key,
        outcomes.model,
        coalesce(outcomes.version, 'none') as version,
        case
            when outcomes.days_ahead <= 7 then 'days 1 to 7'
            when outcomes.days_ahead <= 14 then 'days 8 to 14'
            else 'days 15 to 30'
        end as horizon,
        coalesce(owners.customer_key, -1) as customer_key,
        outcomes.not_scored_reason,
        outcomes.outcome,
        outcomes.outcome in ('hit', 'miss') as is_judged,
        abs(outcomes.error::numeric) as absolute_error,
        abs(outcomes.actual::numeric) as actual,
        abs((outcomes.actual - week_before.y)::numeric) as naive_error
    from outcomes
    left join week_before
        on
            outcomes.device_key = week_before.device_key
            and outcomes.resource = week_before.resource
            and outcomes.date_day = week_before.date_day
    left join owners
        on
            outcomes.device_key = owners.device_key
            and {{ day_start('outcomes.date_key') }} >= owners.valid_from
            and {{ day_start('outcomes.date_key') }} < owners.valid_to
),

summed as (
    select
        date_key,
        model,
        version,
        horizon,
        customer_key,
        not_scored_reason,
        count(*) as predictions,
        count(*) filter (where outcome = 'hit') as hits,
        count(*) filter (where outcome = 'miss') as misses,
        count(*) filter (where outcome = 'expired') as expired,
        coalesce(sum(absolute_error) filter (where is_judged), 0) as absolute_error,
        coalesce(sum(actual) filter (where is_judged), 0) as absolute_actual,
        coalesce(sum(absolute_error) filter (where is_judged and naive_error is not null), 0) as comparable_error,
        coalesce(sum(naive_error) filter (where is_judged), 0) as naive_error
    from judged
    group by date_key, model, version, horizon, customer_key, not_scored_reason
)

select * from summed
