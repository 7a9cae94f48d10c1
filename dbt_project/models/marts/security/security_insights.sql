with insights as (
    select * from {{ ref('insights_feed') }}
    where
        insight_kind in ('alerts', 'noisy rule')
        or (insight_kind = 'incident expected' and topic = 'security')
        or (
            insight_kind = 'trend'
            and topic in ('alerts', 'high_alerts', 'open_vulnerabilities', 'overdue_vulnerabilities')
        )
),

trends as (
    select * from {{ ref('series_trends') }}
    where is_newest
),

rules as (
    select * from {{ ref('rule_tuning_candidates') }}
),

incident_outcomes as (
    select * from {{ ref('incident_outcomes') }}
    where outcome in ('hit', 'false_alarm')
),

incident_alerts as (
    select * from {{ ref('predictive_alerts') }}
    where alert_type = 'incident'
),

-- of fewer than five warnings or verdicts a share says nothing
warned as (
    select case when count(*) >= 5 then 1.0 * count(*) filter (where outcome = 'hit') / count(*) end as share_of_hits
    from incident_outcomes
),

-- that alerts increased is counted, the test says whether that is more than chance
joined as (
    select
        insights.*,
        case
            when insights.insight_kind = 'trend' or trends.s > 0 then 1 - trends.q_value::numeric
            when insights.insight_kind = 'noisy rule' and rules.triaged >= 5 then rules.noise_pct / 100
            when insights.insight_kind = 'incident expected' then warned.share_of_hits
        end as confidence,
        case insights.insight_kind
            when 'noisy rule' then 'verdicts on its alerts'
            when 'incident expected' then 'warnings that are due'
            else 'trend test'
        end as confidence_basis,
        incident_alerts.alert_key,
        incident_alerts.action_taken_at,
        case insights.insight_kind
            when 'incident expected' then insights.until_date + 1
            -- the next Monday's trends are told when its week is over
            when 'trend' then insights.until_date + 8
            else insights.date_day + 2
        end as expires_on
    from insights
    cross join warned
    left join trends
        on
            insights.entity_kind = trends.entity_kind
            and insights.entity_key = trends.entity_key
            and case insights.insight_kind when 'trend' then insights.topic when 'alerts' then 'high_alerts' end
            = trends.metric
    left join rules
        on
            insights.insight_kind = 'noisy rule'
            and insights.customer_key = rules.customer_key
            and insights.entity_key = rules.rule_key
    left join incident_alerts
        on
            insights.insight_kind = 'incident expected'
            and insights.customer_key = incident_alerts.customer_key
            and insights.entity_key = incident_alerts.device_key
            and insights.from_date::timestamp at time zone 'UTC' = incident_alerts.last_step_at
)

select
    insight_key,
    date_key,
    date_day,
    customer_key,
    customer_name,
    insight_kind as insight_type,
    title,
    message,
    severity_key,
    severity,
    round(confidence, 4)::numeric(5, 4) as confidence,
    case when confidence is not null then confidence_basis end as confidence_basis,
    recommendation is not null as is_actionable,
    recommendation as action,
    alert_key,
    action_taken_at,
    expires_on::timestamp at time zone 'UTC' as expires_at
from joined
