{%- set counted = {
    'hits': 'hit', 'misses': 'miss', 'false_alarms': 'false_alarm', 'correct_rejects': 'correct_reject',
    'expired': 'expired', 'unknown': 'unknown', 'not_due': 'not_due'
} -%}
{%- set sums = ['squared_error', 'absolute_error', 'absolute_actual', 'comparable_error', 'naive_error'] -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['prediction_outcomes', 'incident_outcomes', 'forecast_accuracy_daily', 'fct_infrastructure_daily'],
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}, {'columns': ['customer_key']}]
    )
}}

-- depends_on: {{ ref('fct_infrastructure_daily') }}, whose days change with the owner of what was measured

with anomalies as (
    select * from {{ ref('prediction_outcomes') }}
    where {{ in_changed_days() }}
),

incidents as (
    select * from {{ ref('incident_outcomes') }}
    where {{ in_changed_days() }}
),

forecasts as (
    select * from {{ ref('forecast_accuracy_daily') }}
    where {{ in_changed_days() }}
),

owners as (
    select * from {{ ref('dim_device') }}
),

detections as (
    select
        date_key,
        model,
        version,
        '24 hours' as horizon,
        device_key,
        hour as moment,
        not_scored_reason,
        is_flagged,
        outcome,
        null::double precision as probability
    from anomalies
    union all
    select
        date_key,
        model,
        version,
        '7 days' as horizon,
        device_key,
        as_of as moment,
        not_scored_reason,
        is_flagged,
        outcome,
        probability
    from incidents
),

owned as (
    select
        detections.*,
        coalesce(owners.customer_key, -1) as customer_key,
        (detections.outcome in ('hit', 'miss'))::integer as is_event
    from detections
    left join owners
        on
            detections.device_key = owners.device_key
            and detections.moment >= owners.valid_from
            and detections.moment < owners.valid_to
),

by_reason as (
    select
        date_key,
        model,
        version,
        horizon,
        customer_key,
        not_scored_reason,
        count(*) as predictions,
        count(*) filter (where is_flagged) as flagged,
        {% for name, outcome in counted.items() %}
            count(*) filter (where outcome = '{{ outcome }}') as {{ name }},
        {% endfor %}
        count(probability) filter (where outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')) as probabilities,
        coalesce(sum((probability::numeric - is_event) ^ 2) filter (
            where outcome in ('hit', 'miss', 'false_alarm', 'correct_reject')
        ), 0) as squared_error,
        0::numeric as absolute_error,
        0::numeric as absolute_actual,
        0::numeric as comparable_error,
        0::numeric as naive_error
    from owned
    group by date_key, model, version, horizon, customer_key, not_scored_reason
    union all
    select
        date_key,
        model,
        version,
        horizon,
        customer_key,
        not_scored_reason,
        predictions,
        0 as flagged,
        hits,
        misses,
        0 as false_alarms,
        0 as correct_rejects,
        expired,
        0 as unknown,
        0 as not_due,
        0 as probabilities,
        0 as squared_error,
        absolute_error,
        absolute_actual,
        comparable_error,
        naive_error
    from forecasts
),

summed as (
    select
        date_key,
        model,
        version,
        horizon,
        customer_key,
        horizon like 'days %' as is_forecast,
        sum(predictions)::bigint as predictions,
        coalesce(sum(predictions) filter (where not_scored_reason is not null), 0)::bigint as not_scored,
        jsonb_object_agg(not_scored_reason, predictions) filter (where not_scored_reason is not null)
            as not_scored_reasons,
        sum(flagged)::bigint as flagged,
        {% for name in counted %}
            sum({{ name }})::bigint as {{ name }},
        {% endfor %}
        {% for name in sums %}
            round(sum({{ name }}), 6) as {{ name }},
        {% endfor %}
        sum(probabilities)::bigint as probabilities
    from by_reason
    group by date_key, model, version, horizon, customer_key
),

final as (
    select
        date_key,
        to_date(date_key::text, 'YYYYMMDD') as date_day,
        model,
        version,
        horizon,
        customer_key,
        predictions,
        not_scored,
        not_scored_reasons,
        flagged,
        {% for name in counted %}
            {{ name }},
        {% endfor %}
        probabilities,
        {% for name in sums %}
            {{ name }},
        {% endfor %}
        {{ measures_of_accuracy() }}
    from summed
)

select * from final
