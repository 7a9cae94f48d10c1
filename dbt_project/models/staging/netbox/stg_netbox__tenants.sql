with versions as (
    select * from {{ ref('stg_netbox__tenants__versions') }}
),

newest as (
    {{ newest_version('versions', 'tenant_id') }}
),

living as (
    select
        tenant_id,
        tenant_name,
        tenant_slug,
        tenant_group_id,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
