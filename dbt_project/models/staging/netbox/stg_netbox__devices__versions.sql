with source as (
    select *
    from {{ source('raw_netbox', 'devices') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as device_id,
        name as device_name,
        {{ known_or_unknown('status', [
            'offline', 'active', 'planned', 'staged', 'failed', 'inventory', 'decommissioning'
        ], name='device_status') }},
        site_id,
        role_id,
        role_name,
        role_slug,
        device_type_id,
        device_type_model,
        manufacturer_name,
        tenant_id,
        platform_name,
        rest -> 'custom_fields' ->> 'environment' as environment,
        case
            when rest -> 'custom_fields' ->> 'criticality' ~ '^[1-5]$'
                then (rest -> 'custom_fields' ->> 'criticality')::integer
        end as criticality,
        {{ hash_personal('serial') }} as serial_hash,
        asset_tag,
        primary_ip4,
        {{ ip_host('coalesce(primary_ip4, primary_ip6)') }} as primary_ip,
        created as created_at,
        last_updated as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
