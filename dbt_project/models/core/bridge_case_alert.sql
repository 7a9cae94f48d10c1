{{ config(is_read_by_day=true) }}

with links as (
    select * from {{ ref('int_alert__chain') }}
),

alerts as (
    select * from {{ ref('fct_security_alerts') }}
    where date_key >= {{ kept_from('keep_detail_months') }} and hive_alert_key is not null
),

devices as (
    select * from {{ ref('dim_device') }}
),

rules as (
    select * from {{ ref('dim_alert_rule') }}
),

-- device and customer are those of the Wazuh alert, else those TheHive's tags name
joined as (
    select
        {{ surrogate_key('thehive.alerts', 'links.hive_alert_id') }} as hive_alert_key,
        links.hive_alert_id,
        links.link_method,
        links.is_chosen,
        links.alert_key,
        links.case_id,
        links.incident_key,
        {{ date_key('links.event_at') }} as date_key,
        links.event_at,
        links.entered_new_at,
        links.triaged_at,
        links.imported_at,
        links.disposition,
        coalesce({{ surrogate_key('wazuh.rules', 'links.rule_id') }}, -1) as rule_key,
        coalesce(alerts.severity_key, rules.severity_key, -1) as severity_key,
        coalesce(nullif(alerts.device_key, -1), links.device_key) as device_key,
        coalesce(nullif(alerts.site_key, -1), devices.site_key, -1) as site_key,
        coalesce(
            nullif(alerts.customer_key, -1), nullif(links.customer_key, -1), devices.customer_key, -1
        ) as customer_key,
        links._known_at,
        links._load_id
    from links
    left join alerts on links.alert_key = alerts.alert_key
    left join rules on links.rule_id = rules.rule_id
    left join devices
        on
            links.device_key = devices.device_key
            and links.event_at >= devices.valid_from
            and links.event_at < devices.valid_to
)

select * from joined
