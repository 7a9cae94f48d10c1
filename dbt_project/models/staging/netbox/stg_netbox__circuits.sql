with source as (
    select *
    from {{ source('raw_netbox', 'circuits') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as circuit_id,
        cid as circuit_name,
        {{ known_or_unknown('status', [
            'planned', 'provisioning', 'active', 'offline', 'deprovisioning', 'decommissioned'
        ], name='circuit_status') }},
        provider_name,
        type_name as circuit_type,
        tenant_id,
        commit_rate * 1000 as commit_rate_bps,
        -- cables end at a termination of a circuit, which has an id of its own
        (rest -> 'termination_a' ->> 'id')::bigint as termination_a_id,
        (rest -> 'termination_z' ->> 'id')::bigint as termination_z_id,
        created as created_at,
        last_updated as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
