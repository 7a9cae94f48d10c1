with versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

newest as (
    {{ newest_version('versions', 'agent_id') }}
),

living as (
    select
        agent_id,
        agent_name,
        agent_ip,
        agent_status,
        agent_status_original,
        agent_version,
        os_name,
        os_version,
        os_platform,
        agent_groups,
        node_name,
        registered_at,
        last_seen_at,
        disconnected_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
