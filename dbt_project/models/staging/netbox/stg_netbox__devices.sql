with versions as (
    select * from {{ ref('stg_netbox__devices__versions') }}
),

newest as (
    {{ newest_version('versions', 'device_id') }}
),

living as (
    select
        device_id,
        device_name,
        device_status,
        device_status_original,
        site_id,
        role_id,
        role_name,
        role_slug,
        device_type_id,
        device_type_model,
        manufacturer_name,
        tenant_id,
        platform_name,
        serial_hash,
        asset_tag,
        primary_ip4,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
