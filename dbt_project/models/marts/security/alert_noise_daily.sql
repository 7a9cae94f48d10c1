{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_security_alerts_daily', 'bridge_case_alert', 'dim_alert_rule'],
        names_of={'customer_name': 'dim_customer.customer_name'},
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

rules as (
    select * from {{ ref('dim_alert_rule') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

raised as (
    select
        date_key,
        customer_key,
        rule_key,
        sum(alerts)::bigint as alerts
    from alert_days
    group by date_key, customer_key, rule_key
),

judged as (
    select
        date_key,
        customer_key,
        rule_key,
        count(*) as forwarded,
        count(*) filter (where disposition <> 'untriaged') as triaged,
        count(*) filter (where disposition = 'untriaged') as untriaged,
        count(*) filter (where disposition = 'true positive') as true_positives,
        count(*) filter (where disposition = 'false positive') as false_positives,
        count(*) filter (where disposition = 'duplicate') as duplicates,
        count(*) filter (where disposition = 'no action') as closed_without_action,
        count(*) filter (where disposition = 'undecided') as undecided,
        count(case_id) as in_cases,
        count(distinct case_id) as cases
    from links
    group by date_key, customer_key, rule_key
),

slices as (
    select
        date_key,
        customer_key,
        rule_key
    from raised
    union
    select
        date_key,
        customer_key,
        rule_key
    from judged
),

joined as (
    select
        slices.date_key,
        to_date(slices.date_key::text, 'YYYYMMDD') as date_day,
        slices.customer_key,
        customers.customer_name,
        slices.rule_key,
        coalesce(rules.rule_id, 'unknown') as rule_id,
        coalesce(rules.rule_description, 'Unknown') as rule_description,
        coalesce(raised.alerts, 0) as alerts,
        coalesce(judged.forwarded, 0) as forwarded,
        coalesce(judged.triaged, 0) as triaged,
        coalesce(judged.untriaged, 0) as untriaged,
        coalesce(judged.true_positives, 0) as true_positives,
        coalesce(judged.false_positives, 0) as false_positives,
        coalesce(judged.duplicates, 0) as duplicates,
        coalesce(judged.closed_without_action, 0) as closed_without_action,
        coalesce(judged.undecided, 0) as undecided,
        coalesce(judged.in_cases, 0) as in_cases,
        coalesce(judged.cases, 0) as cases
    from slices
    left join raised
        on
            slices.date_key = raised.date_key
            and slices.customer_key = raised.customer_key
            and slices.rule_key = raised.rule_key
    left join judged
        on
            slices.date_key = judged.date_key
            and slices.customer_key = judged.customer_key
            and slices.rule_key = judged.rule_key
    left join rules on slices.rule_key = rules.rule_key
    left join customers on slices.customer_key = customers.customer_key and customers.is_current
),

rated as (
    select
        *,
        round(
            100.0 * (false_positives + duplicates + closed_without_action) / nullif(triaged, 0), 4
        )::numeric(7, 4) as noise_pct,
        round(100.0 * untriaged / nullif(forwarded, 0), 4)::numeric(7, 4) as untriaged_pct,
        round(100.0 * true_positives / nullif(true_positives + false_positives, 0), 4)::numeric(7, 4) as precision_pct,
        round(in_cases::numeric / nullif(cases, 0), 4)::numeric(20, 4) as alerts_per_case
    from joined
)

select * from rated
