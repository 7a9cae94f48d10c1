with source as (
    select *
    from {{ source('raw_wazuh', 'alerts') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        node::text as node,
        id::text as alert_id,
        timestamp as manager_timestamp,
        event_at,
        index_name,
        document_id,
        agent_id::text as agent_id,
        agent_name::text as agent_name,
        manager_name,
        rule_id::text as rule_id,
        rule_level,
        rule_description::text as rule_description,
        rule_groups,
        rule_fired_times,
        mitre_ids,
        decoder_name,
        location,
        source_ip,
        _known_at,
        _load_id::text as _load_id
    from source
)

select * from renamed
