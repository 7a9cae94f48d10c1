{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_security_alerts_daily', 'dim_alert_rule', 'bridge_alert_mitre', 'dim_mitre_technique'],
        names_of={'customer_name': 'dim_customer.customer_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with alert_days as (
    select * from {{ ref('fct_security_alerts_daily') }}
    where {{ in_changed_days() }}
),

rules as (
    select * from {{ ref('dim_alert_rule') }}
),

rule_techniques as (
    select * from {{ ref('bridge_alert_mitre') }}
),

techniques as (
    select * from {{ ref('dim_mitre_technique') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

rule_days as (
    select
        date_key,
        customer_key,
        rule_key,
        max(severity_key) as severity_key,
        sum(alerts)::bigint as alerts,
        count(distinct agent_key) as agents
    from alert_days
    group by date_key, customer_key, rule_key
),

customer_days as (
    select
        date_key,
        customer_key,
        sum(alerts)::bigint as alerts
    from rule_days
    group by date_key, customer_key
),

-- an alert of several techniques counts for each of them
technique_days as (
    select
        alert_days.date_key,
        alert_days.customer_key,
        rule_techniques.technique_key,
        max(alert_days.severity_key) as severity_key,
        sum(alert_days.alerts)::bigint as alerts,
        count(distinct alert_days.agent_key) as agents
    from alert_days
    inner join rule_techniques on alert_days.rule_key = rule_techniques.rule_key
    group by alert_days.date_key, alert_days.customer_key, rule_techniques.technique_key
),

threats as (
    select
        rule_days.date_key,
        rule_days.customer_key,
        'rule' as threat_kind,
        rule_days.rule_key as threat_key,
        rules.rule_id as threat_id,
        rules.rule_description as threat_name,
        null as tactic,
        rule_days.severity_key,
        rule_days.alerts,
        rule_days.agents
    from rule_days
    inner join rules on rule_days.rule_key = rules.rule_key
    union all
    select
        technique_days.date_key,
        technique_days.customer_key,
        'technique' as threat_kind,
        technique_days.technique_key as threat_key,
        techniques.technique_id as threat_id,
        techniques.technique_name as threat_name,
        techniques.tactic,
        technique_days.severity_key,
        technique_days.alerts,
        technique_days.agents
    from technique_days
    inner join techniques on technique_days.technique_key = techniques.technique_key
),

ranked as (
    select
        threats.date_key,
        to_date(threats.date_key::text, 'YYYYMMDD') as date_day,
        threats.customer_key,
        customers.customer_name,
        threats.threat_kind,
        threats.threat_key,
        threats.threat_id,
        threats.threat_name,
        threats.tactic,
        threats.severity_key,
        {{ severity_name('threats.severity_key') }} as severity,
        threats.alerts,
        threats.agents,
        round(100.0 * threats.alerts / customer_days.alerts, 4)::numeric(7, 4) as share_of_alerts_pct,
        row_number() over (
            partition by threats.date_key, threats.customer_key, threats.threat_kind
            order by threats.severity_key desc, threats.alerts desc, threats.threat_id asc
        ) as threat_rank
    from threats
    inner join customer_days
        on
            threats.date_key = customer_days.date_key
            and threats.customer_key = customer_days.customer_key
    left join customers on threats.customer_key = customers.customer_key and customers.is_current
)

select * from ranked
