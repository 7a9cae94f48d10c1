{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        partitioned=true,
        indexes=[
            {'columns': ['date_key'], 'type': 'brin'},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only days_to_rebuild reads

-- read twice, each time by an index, so it must not be materialised
with alerts as not materialized (
    select * from {{ ref('stg_wazuh__alerts') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

agent_customers as (
    select * from {{ ref('int_wazuh__agent_customers') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

{% if is_incremental() %}
    days as (
        {{ days_to_rebuild('alerts', 'event_at') }}
    ),

    changed_days as (
        select
            date_key,
            {{ day_start('date_key') }} as day_start
        from days
    ),

    -- the bounds let the index find the days, the array drops those between them that did not change
    raised as (
        select *
        from alerts
        where
            event_at >= (select min(changed_days.day_start) from changed_days)
            and event_at < (select max(changed_days.day_start) from changed_days) + interval '24 hours'
            and {{ date_key('event_at') }} = any(array(select changed_days.date_key from changed_days))
    ),
{% else %}
    raised as (
        select * from alerts
    ),
{% endif %}

named as (
    select
        *,
        {{ host_name('agent_name') }} as host
    from raised
),

identified as (
    select
        named.*,
        coalesce(hosts.device_key, -1) as device_key
    from named
    left join hosts on named.host = hosts.host and hosts.is_chosen
),

joined as (
    select
        {{ surrogate_key('wazuh.alerts', [
            'identified.node', 'identified.alert_id', 'extract(epoch from identified.manager_timestamp)'
        ]) }} as alert_key,
        {{ time_key('identified.event_at') }} as time_key,
        {{ date_key('identified.event_at') }} as date_key,
        identified.event_at,
        identified.node,
        identified.alert_id,
        identified.manager_timestamp,
        identified.agent_id,
        identified.agent_name,
        coalesce(identified.host, '') as host,
        identified.device_key,
        case when identified.device_key = -1 then -1 else coalesce(devices.device_version_key, -1) end
            as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        case when identified.device_key = -1 then agent_customers.customer_key else devices.customer_key end
            as customer_key,
        {{ alert_severity_key('identified.rule_level') }} as severity_key,
        identified.rule_id,
        identified.rule_level::integer as rule_level,
        identified.rule_description,
        identified.rule_groups,
        identified.mitre_ids,
        identified._known_at,
        identified._load_id
    from identified
    left join devices
        on
            identified.device_key = devices.device_key
            and identified.event_at >= devices.valid_from
            and identified.event_at < devices.valid_to
    left join agent_customers on identified.host = agent_customers.host
),

conformed as (
    select
        alert_key,
        time_key,
        date_key,
        event_at,
        node,
        alert_id,
        manager_timestamp,
        agent_id,
        agent_name,
        host,
        device_key,
        device_version_key,
        site_key,
        coalesce(customer_key, -1) as customer_key,
        severity_key,
        {{ severity_name('severity_key') }} as severity,
        rule_id,
        rule_level,
        rule_description,
        rule_groups,
        mitre_ids,
        _known_at,
        _load_id
    from joined
)

select * from conformed
