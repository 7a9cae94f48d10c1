with alerts as (
    select * from {{ ref('fct_security_alerts') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

-- counted in two steps, since distinct counts of millions of rows are slow in one
alert_groups as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key,
        agent_id,
        rule_id,
        count(*) as alerts
    from alerts
    group by date_key, customer_key, site_key, severity_key, agent_id, rule_id
),

alert_days as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key,
        sum(alerts)::bigint as alerts,
        count(distinct agent_id) as agents,
        count(distinct rule_id) as rules
    from alert_groups
    group by date_key, customer_key, site_key, severity_key
),

-- clocks that run backwards measure a mistake in the dates, not the work
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
        time_to_detect_seconds,
        time_to_acknowledge_from_detection_seconds,
        time_to_resolve_from_detection_seconds,
        not has_order_violation and not is_false_positive and not is_duplicate as is_measured
    from incidents
),

opened_days as (
    select
        opened_date_key as date_key,
        customer_key,
        site_key,
        severity_key,
        count(*) as cases_opened,
        count(time_to_detect_seconds) filter (where is_measured) as time_to_detect_cases,
        avg(time_to_detect_seconds) filter (where is_measured) as time_to_detect_seconds,
        count(time_to_acknowledge_from_detection_seconds) filter (where is_measured) as time_to_acknowledge_cases,
        avg(time_to_acknowledge_from_detection_seconds) filter (where is_measured) as time_to_acknowledge_seconds
    from judged_incidents
    group by opened_date_key, customer_key, site_key, severity_key
),

closed_days as (
    select
        closed_date_key as date_key,
        customer_key,
        site_key,
        severity_key,
        count(*) as cases_closed,
        count(*) filter (where is_true_positive) as cases_true_positive,
        count(*) filter (where is_false_positive) as cases_false_positive,
        count(time_to_resolve_from_detection_seconds) filter (where is_measured) as time_to_resolve_cases,
        avg(time_to_resolve_from_detection_seconds) filter (where is_measured) as time_to_resolve_seconds
    from judged_incidents
    where not is_open
    group by closed_date_key, customer_key, site_key, severity_key
),

slices as (
    select
        date_key,
        customer_key,
        site_key,
        severity_key
    from alert_days
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
        coalesce(alert_days.alerts, 0) as alerts,
        coalesce(alert_days.agents, 0) as agents,
        coalesce(alert_days.rules, 0) as rules,
        coalesce(opened_days.cases_opened, 0) as cases_opened,
        coalesce(closed_days.cases_closed, 0) as cases_closed,
        coalesce(closed_days.cases_true_positive, 0) as cases_true_positive,
        coalesce(closed_days.cases_false_positive, 0) as cases_false_positive,
        coalesce(opened_days.time_to_detect_cases, 0) as time_to_detect_cases,
        round(opened_days.time_to_detect_seconds / 60, 4) as mean_time_to_detect_minutes,
        coalesce(opened_days.time_to_acknowledge_cases, 0) as time_to_acknowledge_cases,
        round(opened_days.time_to_acknowledge_seconds / 60, 4) as mean_time_to_acknowledge_minutes,
        coalesce(closed_days.time_to_resolve_cases, 0) as time_to_resolve_cases,
        round(closed_days.time_to_resolve_seconds / 60, 4) as mean_time_to_resolve_minutes
    from slices
    left join alert_days
        on
            slices.date_key = alert_days.date_key
            and slices.customer_key = alert_days.customer_key
            and slices.site_key = alert_days.site_key
            and slices.severity_key = alert_days.severity_key
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
    left join customers on slices.customer_key = customers.customer_key and customers.is_current
    left join sites on slices.site_key = sites.site_key and sites.is_current
)

select * from joined
