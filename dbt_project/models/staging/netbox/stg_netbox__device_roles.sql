with source as (
    select *
    from {{ source('raw_netbox', 'device_roles') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as role_id,
        name as role_name,
        slug as role_slug,
        coalesce(vm_role, false) as is_vm_role,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id
    from newest
)

select * from renamed
