with device_versions as (
    select * from {{ ref('int_device__versions') }}
),

ip_addresses as (
    select * from {{ ref('stg_netbox__ip_addresses') }}
),

site_versions as (
    select * from {{ ref('stg_netbox__sites__versions') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

agent_customers as (
    select * from {{ ref('int_wazuh__agent_customers') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

version_order as (
    select
        *,
        row_number() over (partition by device_id order by _known_at desc, _load_id desc, _row_hash asc) as age
    from device_versions
),

devices as (
    select
        version_order.*,
        version_order.age = 1 and not version_order.is_deleted as is_present,
        coalesce(tenants.customer_key, -1) as customer_key
    from version_order
    left join tenants on version_order.tenant_id = tenants.tenant_id and tenants.is_chosen
),

sites as (
    select distinct
        site_id,
        lower(site_slug) as site_slug
    from site_versions
),

agents as (
    select
        agent_id,
        agent_name,
        agent_ip,
        row_number() over (partition by agent_id order by _known_at desc, _load_id desc, _row_hash asc) = 1 as is_newest
    from agent_versions
),

-- what monitoring says and said of a host beside its short name; -1 if it names no customer
monitored as (
    select
        host,
        {{ full_host_name('instance') }} as full_name,
        {{ ip_host('host_of_instance') }} as address,
        -1 as customer_key,
        true as is_present
    from (
        select
            *,
            {{ host_name('instance') }} as host_of_instance
        from prometheus_hosts
    ) as instances
    union all
    select
        {{ host_name('agents.agent_name') }} as host,
        {{ full_host_name('agents.agent_name') }} as full_name,
        {{ ip_host('agents.agent_ip') }} as address,
        coalesce(agent_customers.customer_key, -1) as customer_key,
        agents.is_newest as is_present
    from agents
    left join agent_customers on {{ host_name('agents.agent_name') }} = agent_customers.host
    where {{ host_name('agents.agent_name') }} is not null
),

device_full_names as (
    select
        device_id,
        is_present,
        {{ full_host_name('device_name') }} as full_name
    from devices
    union
    select
        devices.device_id,
        devices.is_present,
        {{ full_host_name('ip_addresses.dns_name') }} as full_name
    from ip_addresses
    inner join devices on ip_addresses.assigned_device_id = devices.device_id
),

evidence as (
    select
        monitored.host,
        device_full_names.device_id,
        device_full_names.is_present and monitored.is_present as is_present,
        false as is_contradicted,
        'full name' as method
    from monitored
    inner join device_full_names on monitored.full_name = device_full_names.full_name
    union all
    select
        monitored.host,
        devices.device_id,
        devices.is_present and monitored.is_present as is_present,
        false as is_contradicted,
        'short name and site' as method
    from monitored
    inner join sites on split_part(monitored.full_name, '.', 2) = sites.site_slug
    inner join devices
        on
            sites.site_id = devices.site_id
            and split_part(monitored.full_name, '.', 1) = {{ host_name('devices.device_name') }}
    union all
    select
        monitored.host,
        devices.device_id,
        devices.is_present and monitored.is_present as is_present,
        false as is_contradicted,
        'serial' as method
    from monitored
    inner join devices on {{ hash_personal('monitored.host') }} = devices.serial_hash
    union all
    select
        monitored.host,
        devices.device_id,
        devices.is_present and monitored.is_present as is_present,
        false as is_contradicted,
        'serial' as method
    from monitored
    inner join devices on monitored.host = lower(devices.asset_tag)
    union all
    -- private networks repeat from customer to customer
    select
        monitored.host,
        devices.device_id,
        devices.is_present and monitored.is_present as is_present,
        monitored.customer_key not in (-1, devices.customer_key) as is_contradicted,
        'primary address' as method
    from monitored
    inner join devices on monitored.address = devices.primary_ip
),

candidates as (
    select
        host,
        device_id,
        method,
        bool_or(is_present) as is_present,
        bool_and(is_contradicted) as is_contradicted
    from evidence
    group by host, device_id, method
)

select * from candidates
