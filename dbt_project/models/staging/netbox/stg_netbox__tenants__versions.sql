with source as (
    select *
    from {{ source('raw_netbox', 'tenants') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as tenant_id,
        name as tenant_name,
        slug as tenant_slug,
        group_id as tenant_group_id,
        created as created_at,
        last_updated as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
