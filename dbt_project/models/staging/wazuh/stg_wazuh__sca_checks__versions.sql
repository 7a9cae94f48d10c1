with source as (
    select *
    from {{ source('raw_wazuh', 'sca_checks') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        agent_id::text as agent_id,
        policy_id::text as policy_id,
        id as check_id,
        title as check_title,
        {{ known_or_unknown('result', ['passed', 'failed', 'not applicable']) }},
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
