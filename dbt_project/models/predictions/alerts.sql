with steps as (
    select
        *,
        step_at - lag(step_at) over of_series <= reach
        and date_trunc('month', step_at, 'UTC') = date_trunc('month', lag(step_at) over of_series, 'UTC')
            as is_continued,
        coalesce(lead(step_at) over of_series - step_at <= reach, false) as goes_on
    from {{ ref('alert_steps') }}
    window of_series as (partition by model, device_key order by step_at)
),

numbered as (
    select
        *,
        count(*) filter (where is_continued is not true) over of_series as number
    from steps
    window of_series as (partition by model, device_key order by step_at)
),

runs as (
    select max(first_day)::timestamp at time zone 'UTC' as newest_at
    from {{ ref('forecast_runs') }}
),

-- the oddest hour speaks for an anomaly, the newest word for what is to come
merged as (
    select
        model,
        device_key,
        number,
        min(step_at) as started_at,
        max(step_at) as last_step_at,
        max(step_ends_at) as ended_at,
        max(speaks_until) as speaks_until,
        -- only an alert that ended with its month goes on after its last step, as another
        bool_and(goes_on) as goes_on,
        count(*) as steps
    from numbered
    group by model, device_key, number
),

speaking as (
    select distinct on (model, device_key, number) *
    from numbered
    order by
        model asc, device_key asc, number asc, case when alert_type = 'anomaly' then confidence end desc nulls last,
        step_at desc
),

feedback as (
    select
        *,
        case when label in ('confirmed', 'false_positive') then label end as verdict
    from {{ ref('stg_feedback__events') }}
),

heard as (
    select
        merged.model,
        merged.device_key,
        merged.number,
        min(feedback.given_at) filter (where feedback.label = 'ack') as acknowledged_at,
        (array_agg(feedback.given_by order by feedback.feedback_id) filter (where feedback.label = 'ack'))[1]
            as acknowledged_by,
        min(feedback.given_at) filter (where feedback.label = 'action_taken') as action_taken_at,
        (array_agg(feedback.verdict order by feedback.feedback_id desc) filter (where feedback.verdict is not null))[1]
            as verdict,
        (array_agg(feedback.given_by order by feedback.feedback_id desc) filter (where feedback.verdict is not null))[1]
            as reviewed_by,
        max(feedback.given_at) filter (where feedback.verdict is not null) as reviewed_at
    from merged
    inner join feedback
        on
            merged.model = feedback.model
            and merged.device_key = feedback.device_key
            and merged.started_at < feedback.ended_at
            and merged.ended_at > feedback.started_at
    group by merged.model, merged.device_key, merged.number
)

select
    {{ surrogate_key('alert', ['merged.model', 'merged.device_key', 'extract(epoch from merged.started_at)::bigint']) }}
        as alert_key,
    speaking.alert_type,
    merged.model,
    speaking.version,
    merged.device_key,
    merged.started_at,
    merged.last_step_at,
    merged.ended_at,
    merged.steps,
    speaking.quantity,
    speaking.predicted_value,
    speaking.measured_value,
    speaking.confidence,
    speaking.severity_key,
    speaking.reason,
    merged.speaks_until,
    coalesce(
        merged.speaks_until > {{ as_of() }}
        and not merged.goes_on
        and heard.verdict is distinct from 'false_positive'
        -- a shortage that the newest forecast no longer speaks of is over
        and (speaking.alert_type <> 'capacity' or merged.last_step_at >= runs.newest_at),
        false
    ) as is_active,
    heard.acknowledged_at,
    heard.acknowledged_by,
    coalesce(heard.verdict = 'false_positive', false) as is_false_positive,
    coalesce(heard.verdict = 'confirmed', false) as is_confirmed,
    heard.reviewed_at,
    heard.reviewed_by,
    heard.action_taken_at,
    speaking.recommendation
from merged
inner join speaking
    on
        merged.model = speaking.model
        and merged.device_key = speaking.device_key
        and merged.number = speaking.number
left join heard
    on
        merged.model = heard.model
        and merged.device_key = heard.device_key
        and merged.number = heard.number
cross join runs
where merged.last_step_at >= {{ as_of() }} - interval '30 days'
