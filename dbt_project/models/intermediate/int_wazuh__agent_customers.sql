with agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

identities as (
    select * from {{ ref('int_customer__identity') }}
),

-- removed agents too: their alerts stay
agents as (
    {{ newest_version('agent_versions', 'agent_id') }}
),

agent_hosts as (
    select distinct {{ host_name('agent_name') }} as host
    from agents
    where {{ host_name('agent_name') }} is not null
),

agent_groups as (
    select
        {{ host_name('agents.agent_name') }} as host,
        groups.group_name
    from agents
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(agents.agent_groups) = 'array' then agents.agent_groups else '[]' end
    ) as groups (group_name)
),

group_customers as (
    select
        agent_groups.host,
        min(identities.customer_key) as customer_key
    from agent_groups
    inner join identities
        on
            identities.system = 'wazuh'
            and agent_groups.group_name = identities.external_key
    where identities.customer_key <> -1
    group by agent_groups.host
    having count(distinct identities.customer_key) = 1
),

agent_customers as (
    select
        agent_hosts.host,
        coalesce(group_customers.customer_key, -1) as customer_key
    from agent_hosts
    left join group_customers on agent_hosts.host = group_customers.host
)

select * from agent_customers
