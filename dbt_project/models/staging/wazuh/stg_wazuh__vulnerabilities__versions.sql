with source as (
    select *
    from {{ source('raw_wazuh', 'vulnerabilities') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        agent_id::text as agent_id,
        agent_name::text as agent_name,
        package_name::text as package_name,
        package_version::text as package_version,
        architecture::text as architecture,
        package_path::text as package_path,
        vulnerability_id::text as cve_id,
        {{ known_or_unknown('severity', ['Low', 'Medium', 'High', 'Critical', '-']) }},
        score as base_score,
        detected_at,
        published_at,
        under_evaluation as is_under_evaluation,
        _is_backfilled as is_backfilled,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
