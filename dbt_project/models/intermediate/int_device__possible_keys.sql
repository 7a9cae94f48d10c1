with hosts as (
    select * from {{ ref('int_device__hosts') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

agent_customers as (
    select * from {{ ref('int_wazuh__agent_customers') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

device_tenants as (
    select distinct
        {{ surrogate_key('netbox.devices', 'device_id') }} as device_key,
        tenant_id
    from device_versions
),

device_customers as (
    select
        device_tenants.device_key,
        coalesce(tenants.customer_key, -1) as customer_key,
        bool_or(coalesce(tenants.is_chosen, true)) as is_chosen
    from device_tenants
    left join tenants on device_tenants.tenant_id = tenants.tenant_id
    group by device_tenants.device_key, coalesce(tenants.customer_key, -1)
),

matched_hosts as (
    select
        host,
        bool_or(is_chosen) as has_device
    from hosts
    group by host
),

all_hosts as (
    select host from hosts
    union
    select host from agent_customers
),

possible_customers as (
    select distinct customer_key from tenants
    union
    select -1 as customer_key
),

with_device as (
    select
        hosts.host,
        hosts.device_key,
        coalesce(device_customers.customer_key, -1) as customer_key,
        hosts.is_chosen and coalesce(device_customers.is_chosen, true) as is_present
    from hosts
    left join device_customers on hosts.device_key = device_customers.device_key
),

-- only alerts do without a device; the groups of their agent may then name the customer
without_device as (
    select
        all_hosts.host,
        -1 as device_key,
        possible_customers.customer_key,
        not coalesce(matched_hosts.has_device, false)
        and possible_customers.customer_key = coalesce(agent_customers.customer_key, -1) as is_present
    from all_hosts
    left join matched_hosts on all_hosts.host = matched_hosts.host
    left join agent_customers on all_hosts.host = agent_customers.host
    inner join possible_customers on agent_customers.host is not null or possible_customers.customer_key = -1
),

possible_keys as (
    select * from with_device
    union all
    select * from without_device
),

shared_names as (
    select distinct short_name
    from prometheus_hosts
    where is_name_shared
),

final as (
    select
        possible_keys.*,
        shared_names.short_name is not null as is_name_shared
    from possible_keys
    left join shared_names on possible_keys.host = shared_names.short_name
)

select * from final
