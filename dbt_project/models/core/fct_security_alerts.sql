{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        rekeyed_by='host',
        partitioned=true,
        indexes=[
            {'columns': ['date_key'], 'type': 'brin'},
            {'columns': ['alert_key']},
            {'columns': ['hive_alert_key']},
            {'columns': ['severity_key']},
            {'columns': ['is_responded']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only an incremental build reads

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

severities as (
    select * from {{ ref('severity_map') }}
),

links as (
    select
        *,
        {{ surrogate_key('thehive.alerts', 'hive_alert_id') }} as hive_alert_key
    from {{ ref('int_alert__chain') }}
    where is_chosen
),

{% if is_incremental() %}
    -- a response reaches back a day; what TheHive makes of an alert changes long after
    days as (
        {{ days_to_rebuild('alerts', 'event_at') }}
        union
        select distinct {{ date_key("(event_at - interval '24 hours')") }} as date_key
        from alerts
        where {{ is_blocking('rule_groups') }} and {{ arrived_since_build() }}
        union
        select built.date_key
        from links
        inner join {{ this }} as built on links.alert_key = built.alert_key
        where
            (
                links.hive_alert_key, links.incident_key, links.case_id, links.disposition,
                links.triaged_at, links.imported_at, links.first_ticket_at
            ) is distinct from (
                built.hive_alert_key, built.incident_key, built.case_id, built.disposition,
                built.triaged_at, built.imported_at, built.ticket_opened_at
            )
        union
        select built.date_key
        from {{ this }} as built
        left join links on built.alert_key = links.alert_key
        where built.hive_alert_key is not null and links.alert_key is null
    ),

    changed_days as (
        select
            date_key,
            {{ day_start('date_key') }} as day_start
        from days
    ),

    keyed_anew as materialized (
        {{ rekeyed() }}
    ),

    alerts_keyed_anew as materialized (
        select
            node,
            alert_id,
            manager_timestamp,
            event_at
        from {{ this }}
        where {{ is_rekeyed('host', 'keyed_anew') }}
    ),

    -- the bounds let the index find the days, the array drops those between them that did not change
    raised as (
        select *
        from alerts
        where
            event_at >= (select min(changed_days.day_start) from changed_days)
            and event_at < (select max(changed_days.day_start) from changed_days) + interval '24 hours'
            and {{ date_key('event_at') }} = any(array(select changed_days.date_key from changed_days))
            and {{ is_kept('event_at') }}
        union all
        select *
        from alerts
        where
            event_at >= (select min(alerts_keyed_anew.event_at) from alerts_keyed_anew)
            and event_at <= (select max(alerts_keyed_anew.event_at) from alerts_keyed_anew)
            and (node, alert_id, manager_timestamp) in (
                select
                    alerts_keyed_anew.node,
                    alerts_keyed_anew.alert_id,
                    alerts_keyed_anew.manager_timestamp
                from alerts_keyed_anew
            )
            and {{ date_key('event_at') }} <> all(array(select changed_days.date_key from changed_days))
            and {{ is_kept('event_at') }}
    ),

    responses as (
        select
            agent_id,
            event_at
        from alerts
        where
            event_at >= (select min(raised.event_at) from raised)
            and event_at <= (select max(raised.event_at) from raised) + interval '24 hours'
            and {{ is_blocking('rule_groups') }}
    ),
{% else %}
    raised as (
        select *
        from alerts
        where {{ is_kept('event_at') }}
    ),

    responses as (
        select
            agent_id,
            event_at
        from alerts
        where {{ is_blocking('rule_groups') }}
    ),
{% endif %}

-- a response may answer what the agent told on its own day and on the day before
response_days as (
    select
        agent_id,
        event_at,
        {{ date_key('event_at') }} as date_key
    from responses
    union all
    select
        agent_id,
        event_at,
        {{ date_key("(event_at - interval '24 hours')") }} as date_key
    from responses
),

answered as (
    select
        raised.node,
        raised.alert_id,
        raised.manager_timestamp,
        min(response_days.event_at) as response_at
    from raised
    inner join response_days
        on
            raised.agent_id = response_days.agent_id
            and {{ date_key('raised.event_at') }} = response_days.date_key
            and raised.event_at < response_days.event_at
            and raised.event_at >= response_days.event_at - interval '24 hours'
    group by raised.node, raised.alert_id, raised.manager_timestamp
),

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
        coalesce({{ surrogate_key('wazuh.agents', 'identified.agent_id') }}, -1) as agent_key,
        identified.agent_id,
        identified.agent_name,
        coalesce(identified.host, '') as host,
        identified.device_key,
        case when identified.device_key = -1 then -1 else coalesce(devices.device_version_key, -1) end
            as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        case when identified.device_key = -1 then agent_customers.customer_key else devices.customer_key end
            as customer_key,
        coalesce(severities.severity_key, -1) as severity_key,
        {{ surrogate_key('wazuh.rules', 'identified.rule_id') }} as rule_key,
        identified.rule_id,
        identified.rule_level::integer as rule_level,
        identified.rule_description,
        identified.rule_groups,
        identified.mitre_ids,
        {{ surrogate_key('wazuh.source_address', 'identified.source_ip') }} as source_address_key,
        coalesce({{ is_blocking('identified.rule_groups') }}, false) as is_blocked,
        answered.response_at,
        identified._known_at,
        identified._load_id
    from identified
    left join devices
        on
            identified.device_key = devices.device_key
            and identified.event_at >= devices.valid_from
            and identified.event_at < devices.valid_to
    left join agent_customers on identified.host = agent_customers.host
    left join severities
        on
            identified.rule_level::text = severities.source_value
            and severities.source = 'wazuh.rule_level'
    left join answered
        on
            identified.node = answered.node
            and identified.alert_id = answered.alert_id
            and identified.manager_timestamp = answered.manager_timestamp
),

linked as (
    select
        joined.*,
        links.hive_alert_key,
        links.case_id::text as case_id,
        links.incident_key,
        coalesce(links.disposition, 'not forwarded') as disposition,
        links.entered_new_at,
        links.triaged_at,
        links.imported_at,
        links.first_ticket_at as ticket_opened_at
    from joined
    left join links on joined.alert_key = links.alert_key
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
        agent_key,
        agent_id,
        agent_name,
        host,
        device_key,
        device_version_key,
        site_key,
        coalesce(customer_key, -1) as customer_key,
        severity_key,
        {{ severity_name('severity_key') }} as severity,
        rule_key,
        rule_id,
        rule_level,
        rule_description,
        rule_groups,
        mitre_ids,
        source_address_key,
        is_blocked,
        coalesce(
            least(response_at, imported_at, ticket_opened_at) <= event_at + interval '24 hours', false
        ) as is_responded,
        response_at,
        hive_alert_key,
        case_id,
        incident_key,
        disposition,
        {{ seconds_between('event_at', 'entered_new_at') }} as time_to_detect_seconds,
        {{ seconds_between('entered_new_at', 'triaged_at') }} as time_to_triage_seconds,
        triaged_at,
        imported_at,
        ticket_opened_at,
        _known_at,
        _load_id
    from linked
)

select * from conformed
