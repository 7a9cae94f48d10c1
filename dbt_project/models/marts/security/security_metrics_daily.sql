{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=[
            'fct_security_alerts_daily', 'bridge_case_alert', 'fct_incidents', 'fct_vulnerability_daily',
            'compliance_posture_daily', 'infrastructure_summary_daily', 'prediction_outcomes'
        ],
        names_of={'customer_name': 'dim_customer.customer_name', 'site_name': 'dim_site.site_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with alert_days as (
    select * from {{ ref('fct_security_alerts_daily') }}
    where {{ in_changed_days() }}
),

links as (
    select * from {{ ref('bridge_case_alert') }}
    where {{ in_changed_days() }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

vulnerability_days as (
    select * from {{ ref('fct_vulnerability_daily') }}
    where {{ in_changed_days() }}
),

posture as (
    select * from {{ ref('compliance_posture_daily') }}
    where {{ in_changed_days() }}
),

warning_days as (
    select * from {{ ref('infrastructure_summary_daily') }}
    where security_incident_warnings > 0 and {{ in_changed_days() }}
),

outcomes as (
    select * from {{ ref('prediction_outcomes') }}
    where model = 'security_anomaly' and {{ in_changed_days() }}
),

agents as (
    select * from {{ ref('dim_agent') }}
    where is_current
),

devices as (
    select * from {{ ref('dim_device') }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

raised as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key,
        sum(alerts)::bigint as alerts,
        sum(blocked)::bigint as blocked,
        sum(responded)::bigint as responded,
        count(distinct agent_key) as agents,
        count(distinct rule_key) as rules
    from alert_days
    group by date_key, customer_key, site_key, severity_key
),

judged_alerts as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key,
        count(*) as forwarded,
        count(*) filter (where disposition <> 'untriaged') as triaged,
        count(*) filter (where disposition in ('false positive', 'duplicate', 'no action')) as noise
    from links
    group by date_key, customer_key, site_key, severity_key
),

-- clocks that run backwards measure a mistake in the dates, not the work
measured_incidents as (
    select
        *,
        not has_order_violation and not is_false_positive and not is_duplicate as is_measured
    from incidents
),

judged_incidents as (
    select
        {{ date_key('detected_at') }} as opened_date_key,
        {{ date_key('resolved_at') }} as closed_date_key,
        customer_key,
        site_key,
        severity_key,
        is_open,
        is_true_positive,
        is_false_positive,
        is_duplicate,
        case when is_measured then time_to_detect_seconds end as detect_seconds,
        case when is_measured then time_to_acknowledge_from_detection_seconds end as acknowledge_seconds,
        case when is_measured then time_to_resolve_from_detection_seconds end as resolve_seconds
    from measured_incidents
),

opened_days as (
    select
        opened_date_key as date_key,
        customer_key,
        site_key,
        severity_key,
        count(*) as incidents_opened,
        count(detect_seconds) as time_to_detect_incidents,
        avg(detect_seconds) as detect_mean,
        percentile_cont(0.5) within group (order by detect_seconds) as detect_p50,
        percentile_cont(0.9) within group (order by detect_seconds) as detect_p90,
        percentile_cont(0.95) within group (order by detect_seconds) as detect_p95,
        count(acknowledge_seconds) as time_to_acknowledge_incidents,
        avg(acknowledge_seconds) as acknowledge_mean,
        percentile_cont(0.5) within group (order by acknowledge_seconds) as acknowledge_p50,
        percentile_cont(0.9) within group (order by acknowledge_seconds) as acknowledge_p90,
        percentile_cont(0.95) within group (order by acknowledge_seconds) as acknowledge_p95
    from judged_incidents
    where {{ in_changed_days('opened_date_key') }}
    group by opened_date_key, customer_key, site_key, severity_key
),

closed_days as (
    select
        closed_date_key as date_key,
        customer_key,
        site_key,
        severity_key,
        count(*) as incidents_resolved,
        count(*) filter (where is_true_positive) as incidents_true_positive,
        count(*) filter (where is_false_positive) as incidents_false_positive,
        count(*) filter (where is_duplicate) as incidents_duplicate,
        count(resolve_seconds) as time_to_resolve_incidents,
        avg(resolve_seconds) as resolve_mean,
        percentile_cont(0.5) within group (order by resolve_seconds) as resolve_p50,
        percentile_cont(0.9) within group (order by resolve_seconds) as resolve_p90,
        percentile_cont(0.95) within group (order by resolve_seconds) as resolve_p95
    from judged_incidents
    where not is_open and {{ in_changed_days('closed_date_key') }}
    group by closed_date_key, customer_key, site_key, severity_key
),

vulnerabilities as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key,
        sum(carried_in)::bigint as carried_in,
        sum(opened)::bigint as opened,
        sum(resolved)::bigint as resolved,
        sum(removed)::bigint as removed,
        sum(open_count)::bigint as open_count,
        sum(overdue_count)::bigint as overdue_count
    from vulnerability_days
    group by date_key, customer_key, site_key, severity_key
),

-- checks have no severity
compliance as (
    select
        date_key,
        customer_key,
        site_key,
        -2 as severity_key,
        sum(passed)::bigint as passed,
        sum(failed)::bigint as failed
    from posture
    group by date_key, customer_key, site_key
),

-- nor has an incident that is still to come
warned as (
    select
        date_key,
        customer_key,
        site_key,
        -2 as severity_key,
        sum(security_incident_warnings)::bigint as security_incident_warnings
    from warning_days
    group by date_key, customer_key, site_key
),

-- nor has an hour of an agent; without a device it has a customer at most
placed_outcomes as (
    select
        outcomes.date_key,
        coalesce(devices.customer_key, agents.customer_key, -1) as customer_key,
        coalesce(devices.site_key, -1) as site_key,
        outcomes.is_scored,
        outcomes.is_flagged,
        outcomes.outcome
    from outcomes
    left join agents on outcomes.entity_key = agents.agent_key
    left join devices
        on
            outcomes.device_key = devices.device_key
            and outcomes.device_key > 0
            and outcomes.hour >= devices.valid_from
            and outcomes.hour < devices.valid_to
),

predicted as (
    select
        date_key,
        customer_key,
        site_key,
        -2 as severity_key,
        count(*) filter (where is_scored) as scored_agent_hours,
        count(*) filter (where is_flagged) as anomalies,
        count(*) filter (where is_flagged and outcome = 'hit') as anomaly_hits,
        count(*) filter (where is_flagged and outcome = 'false_alarm') as anomaly_false_alarms
    from placed_outcomes
    group by date_key, customer_key, site_key
),

slices as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from raised
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from judged_alerts
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from opened_days
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from closed_days
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from vulnerabilities
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from compliance
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from warned
    union
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from predicted
),

joined as (
    select
        slices.date_key,
        to_date(slices.date_key::text, 'YYYYMMDD') as date_day,
        slices.customer_key,
        customers.customer_name,
        slices.site_key,
        sites.site_name,
        slices.severity_key,
        {{ severity_name('slices.severity_key') }} as severity,
        coalesce(raised.alerts, 0) as alerts,
        coalesce(raised.agents, 0) as agents,
        coalesce(raised.rules, 0) as rules,
        coalesce(raised.blocked, 0) as blocked,
        coalesce(raised.responded, 0) as responded,
        coalesce(judged_alerts.forwarded, 0) as forwarded,
        coalesce(judged_alerts.triaged, 0) as triaged,
        coalesce(judged_alerts.noise, 0) as noise,
        round(100.0 * judged_alerts.noise / nullif(judged_alerts.triaged, 0), 4)::numeric(7, 4) as noise_pct,
        coalesce(opened_days.incidents_opened, 0) as incidents_opened,
        coalesce(closed_days.incidents_resolved, 0) as incidents_resolved,
        coalesce(closed_days.incidents_true_positive, 0) as incidents_true_positive,
        coalesce(closed_days.incidents_false_positive, 0) as incidents_false_positive,
        coalesce(closed_days.incidents_duplicate, 0) as incidents_duplicate,
        coalesce(opened_days.time_to_detect_incidents, 0) as time_to_detect_incidents,
        {{ minutes('opened_days.detect_mean') }} as mean_time_to_detect_minutes,
        {{ minutes('opened_days.detect_p50') }} as time_to_detect_p50_minutes,
        {{ minutes('opened_days.detect_p90') }} as time_to_detect_p90_minutes,
        {{ minutes('opened_days.detect_p95') }} as time_to_detect_p95_minutes,
        coalesce(opened_days.time_to_acknowledge_incidents, 0) as time_to_acknowledge_incidents,
        {{ minutes('opened_days.acknowledge_mean') }} as mean_time_to_acknowledge_minutes,
        {{ minutes('opened_days.acknowledge_p50') }} as time_to_acknowledge_p50_minutes,
        {{ minutes('opened_days.acknowledge_p90') }} as time_to_acknowledge_p90_minutes,
        {{ minutes('opened_days.acknowledge_p95') }} as time_to_acknowledge_p95_minutes,
        coalesce(closed_days.time_to_resolve_incidents, 0) as time_to_resolve_incidents,
        {{ minutes('closed_days.resolve_mean') }} as mean_time_to_resolve_minutes,
        {{ minutes('closed_days.resolve_p50') }} as time_to_resolve_p50_minutes,
        {{ minutes('closed_days.resolve_p90') }} as time_to_resolve_p90_minutes,
        {{ minutes('closed_days.resolve_p95') }} as time_to_resolve_p95_minutes,
        coalesce(vulnerabilities.carried_in, 0) as vulnerabilities_carried_in,
        coalesce(vulnerabilities.opened, 0) as vulnerabilities_opened,
        coalesce(vulnerabilities.resolved, 0) as vulnerabilities_resolved,
        coalesce(vulnerabilities.removed, 0) as vulnerabilities_removed,
        coalesce(vulnerabilities.open_count, 0) as vulnerabilities_open,
        coalesce(vulnerabilities.overdue_count, 0) as vulnerabilities_overdue,
        coalesce(compliance.passed, 0) as checks_passed,
        coalesce(compliance.failed, 0) as checks_failed,
        round(100.0 * compliance.passed / nullif(compliance.passed + compliance.failed, 0), 4)::numeric(7, 4)
            as compliance_pct,
        coalesce(warned.security_incident_warnings, 0) as security_incident_warnings,
        coalesce(predicted.scored_agent_hours, 0) as scored_agent_hours,
        coalesce(predicted.anomalies, 0) as anomalies,
        coalesce(predicted.anomaly_hits, 0) as anomaly_hits,
        coalesce(predicted.anomaly_false_alarms, 0) as anomaly_false_alarms
    from slices
    left join raised
        on
            slices.date_key = raised.date_key
            and slices.customer_key = raised.customer_key
            and slices.site_key = raised.site_key
            and slices.severity_key = raised.severity_key
    left join judged_alerts
        on
            slices.date_key = judged_alerts.date_key
            and slices.customer_key = judged_alerts.customer_key
            and slices.site_key = judged_alerts.site_key
            and slices.severity_key = judged_alerts.severity_key
    left join opened_days
        on
            slices.date_key = opened_days.date_key
            and slices.customer_key = opened_days.customer_key
            and slices.site_key = opened_days.site_key
            and slices.severity_key = opened_days.severity_key
    left join closed_days
        on
            slices.date_key = closed_days.date_key
            and slices.customer_key = closed_days.customer_key
            and slices.site_key = closed_days.site_key
            and slices.severity_key = closed_days.severity_key
    left join vulnerabilities
        on
            slices.date_key = vulnerabilities.date_key
            and slices.customer_key = vulnerabilities.customer_key
            and slices.site_key = vulnerabilities.site_key
            and slices.severity_key = vulnerabilities.severity_key
    left join compliance
        on
            slices.date_key = compliance.date_key
            and slices.customer_key = compliance.customer_key
            and slices.site_key = compliance.site_key
            and slices.severity_key = compliance.severity_key
    left join warned
        on
            slices.date_key = warned.date_key
            and slices.customer_key = warned.customer_key
            and slices.site_key = warned.site_key
            and slices.severity_key = warned.severity_key
    left join predicted
        on
            slices.date_key = predicted.date_key
            and slices.customer_key = predicted.customer_key
            and slices.site_key = predicted.site_key
            and slices.severity_key = predicted.severity_key
    left join customers on slices.customer_key = customers.customer_key and customers.is_current
    left join sites on slices.site_key = sites.site_key and sites.is_current
)

select * from joined
