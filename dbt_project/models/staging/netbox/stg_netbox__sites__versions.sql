with source as (
    select *
    from {{ source('raw_netbox', 'sites') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as site_id,
        name as site_name,
        slug as site_slug,
        {{ known_or_unknown('status', [
            'planned', 'staging', 'active', 'decommissioning', 'retired'
        ], name='site_status') }},
        region_name,
        tenant_id,
        time_zone,
        latitude,
        longitude,
        created as created_at,
        last_updated as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
