with alerts as (
    select * from {{ ref('fct_security_alerts') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

rules as (
    select * from {{ ref('dim_alert_rule') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

-- of the last seven days, neither acted upon nor judged; the day lets the index find them
waiting_alerts as (
    select
        'alert' as item_kind,
        alerts.alert_key as item_key,
        -- an alert's own words may name a person
        rules.rule_description as title,
        alerts.severity_key,
        alerts.device_key,
        alerts.site_key,
        alerts.customer_key,
        alerts.event_at as occurred_at,
        alerts.disposition as item_state
    from alerts
    left join rules on alerts.rule_key = rules.rule_key
    where
        alerts.date_key >= to_char(({{ as_of() }} at time zone 'UTC')::date - 7, 'YYYYMMDD')::integer
        and alerts.event_at > {{ as_of() }} - interval '7 days'
        and alerts.severity_key = 4
        and not alerts.is_responded
        and alerts.disposition in ('not forwarded', 'untriaged', 'undecided')
),

open_incidents as (
    select
        'incident' as item_kind,
        incident_key as item_key,
        incident_type || case when case_number is not null then ' (case ' || case_number || ')' else '' end as title,
        severity_key,
        device_key,
        site_key,
        customer_key,
        occurred_at,
        case when acknowledged_at is null then 'not acknowledged' else 'acknowledged' end as item_state
    from incidents
    where is_open and severity_key = 4 and not is_false_positive and not is_duplicate
),

items as (
    select * from waiting_alerts
    union all
    select * from open_incidents
),

named as (
    select
        items.item_kind,
        items.item_key,
        items.title,
        items.severity_key,
        {{ severity_name('items.severity_key') }} as severity,
        items.customer_key,
        customers.customer_name,
        items.site_key,
        sites.site_name,
        items.device_key,
        devices.device_name,
        items.occurred_at,
        floor(extract(epoch from {{ as_of() }} - items.occurred_at) / 60)::bigint as age_minutes,
        items.item_state
    from items
    left join customers on items.customer_key = customers.customer_key and customers.is_current
    left join sites on items.site_key = sites.site_key and sites.is_current
    left join devices on items.device_key = devices.device_key and devices.is_current
)

select * from named
