with source as (
    select *
    from {{ source('raw_wazuh', 'sca_policies') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        agent_id::text as agent_id,
        policy_id::text as policy_id,
        name as policy_name,
        passed,
        failed,
        invalid,
        total_checks,
        score as score_pct,
        start_scan as scan_started_at,
        end_scan as scan_ended_at,
        hash_file as policy_hash,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
