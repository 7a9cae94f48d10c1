with source as (
    select *
    from {{ source('raw_wazuh', 'agents') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as agent_id,
        name as agent_name,
        nullif(ip, 'any') as agent_ip,
        {{ known_or_unknown('status', ['active', 'pending', 'never_connected', 'disconnected'], name='agent_status') }},
        version as agent_version,
        os_name,
        os_version,
        os_platform,
        groups as agent_groups,
        node_name,
        date_add as registered_at,
        nullif(last_keep_alive, '9999-12-31 23:59:59+00') as last_seen_at,
        disconnection_time as disconnected_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
