with source as (
    select *
    from {{ source('raw_netbox', 'interfaces') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as interface_id,
        device_id,
        name as interface_name,
        type as interface_type,
        enabled as is_enabled,
        mgmt_only as is_management,
        speed * 1000 as speed_bps,
        mode as vlan_mode,
        untagged_vlan_id,
        tagged_vlan_ids,
        lag_id,
        parent_id,
        cable_id,
        cable_end,
        created as created_at,
        last_updated as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
