with versions as (
    select * from {{ ref('stg_netbox__sites__versions') }}
),

newest as (
    {{ newest_version('versions', 'site_id') }}
),

living as (
    select
        site_id,
        site_name,
        site_slug,
        site_status,
        site_status_original,
        region_name,
        tenant_id,
        time_zone,
        latitude,
        longitude,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
