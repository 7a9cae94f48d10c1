with prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

agents as (
    {{ newest_version('agent_versions', 'agent_id') }}
),

first_versions as (
    select
        agent_id,
        min(_known_at) as known_at
    from agent_versions
    group by agent_id
),

-- an instance that has not reported for a day has gone
monitored as (
    select
        'prometheus' as system,
        instance as external_key,
        host,
        -2 as agent_key,
        first_hour as valid_from,
        case
            when last_hour < {{ as_of() }} - interval '24 hours' then last_hour + interval '1 hour'
        end as ended_at
    from prometheus_hosts
    union all
    select
        'wazuh' as system,
        agents.agent_id as external_key,
        coalesce({{ host_name('agents.agent_name') }}, '') as host,
        {{ surrogate_key('wazuh.agents', 'agents.agent_id') }} as agent_key,
        first_versions.known_at as valid_from,
        case when agents.is_deleted then agents._known_at end as ended_at
    from agents
    inner join first_versions on agents.agent_id = first_versions.agent_id
),

chosen as (
    select * from hosts
    where is_chosen
),

counted as (
    select
        host,
        count(*) as devices_named
    from hosts
    where not is_inferred
    group by host
),

identities as (
    select
        monitored.system,
        monitored.external_key,
        monitored.host,
        monitored.agent_key,
        coalesce(chosen.device_key, -1) as device_key,
        chosen.device_key is not null and not chosen.is_inferred as is_matched,
        coalesce(counted.devices_named, 0)::integer as devices_named,
        chosen.method,
        monitored.valid_from,
        coalesce(monitored.ended_at, '9999-12-31 00:00:00+00'::timestamptz) as valid_to,
        monitored.ended_at is null as is_current
    from monitored
    left join chosen on monitored.host = chosen.host
    left join counted on monitored.host = counted.host
),

explained as (
    select
        system,
        external_key,
        host,
        agent_key,
        device_key,
        is_matched,
        devices_named,
        case when is_matched then method end as method,
        case when is_matched then {{ method_confidence('method') }} end as confidence,
        case
            when is_matched then null
            when devices_named = 0 then 'no device of that name or address'
            when devices_named = 1 then 'the device reports under another name'
            else 'several devices'
        end as reason,
        valid_from,
        valid_to,
        is_current
    from identities
)

select * from explained
