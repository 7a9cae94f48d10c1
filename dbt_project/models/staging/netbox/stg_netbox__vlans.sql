with source as (
    select *
    from {{ source('raw_netbox', 'vlans') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as vlan_id,
        vid,
        name as vlan_name,
        {{ known_or_unknown('status', ['active', 'reserved', 'deprecated'], name='vlan_status') }},
        site_id,
        rest -> 'group' ->> 'name' as vlan_group,
        rest -> 'role' ->> 'name' as vlan_role,
        tenant_id,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id
    from newest
)

select * from renamed
