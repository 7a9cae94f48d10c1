with agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

agent_customers as (
    select * from {{ ref('int_wazuh__agent_customers') }}
),

described as (
    select
        *,
        case when jsonb_typeof(agent_groups) = 'array' then agent_groups else '[]' end as groups
    from agent_versions
),

intervals as (
    {{ scd2_intervals('described', 'agent_id', [
        'agent_name', 'agent_version', 'os_name', 'os_version', 'os_platform', 'groups'
    ]) }}
),

-- the device and customer that its name and groups of that time stand for now
identified as (
    select
        intervals.*,
        {{ surrogate_key('wazuh.agents', 'intervals.agent_id') }} as agent_key,
        coalesce(hosts.device_key, -1) as device_key,
        coalesce(devices.customer_key, agent_customers.customer_key, -1) as customer_key
    from intervals
    left join hosts on {{ host_name('intervals.agent_name') }} = hosts.host and hosts.is_chosen
    left join devices on hosts.device_key = devices.device_key and devices.is_current
    left join agent_customers on {{ host_name('intervals.agent_name') }} = agent_customers.host
),

special as (
    select
        -1 as agent_key,
        'Unknown' as agent_name
    union all
    select
        -2 as agent_key,
        'Not applicable' as agent_name
),

all_members as (
    select
        agent_key,
        agent_id,
        coalesce(agent_name, 'Agent ' || agent_id) as agent_name,
        agent_version as version,
        trim(concat_ws(' ', os_name, os_version)) as os,
        coalesce(os_platform, 'unknown') as os_platform,
        groups,
        customer_key,
        device_key,
        'wazuh' as source,
        valid_from,
        valid_to,
        is_current,
        is_deleted
    from identified
    union all
    select
        agent_key,
        null as agent_id,
        agent_name,
        null as version,
        '' as os,
        'unknown' as os_platform,
        '[]' as groups,
        agent_key as customer_key,
        agent_key as device_key,
        'none' as source,
        '1900-01-01 00:00:00+00'::timestamptz as valid_from,
        '9999-12-31 00:00:00+00'::timestamptz as valid_to,
        true as is_current,
        false as is_deleted
    from special
),

keyed as (
    select
        agent_key,
        {{ version_key('agent_key', 'valid_from') }} as agent_version_key,
        agent_id,
        agent_name,
        version,
        coalesce(nullif(os, ''), 'unknown') as os,
        os_platform,
        groups,
        customer_key,
        device_key,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted
    from all_members
)

select * from keyed
