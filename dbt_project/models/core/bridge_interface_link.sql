with cables as (
    select * from {{ ref('stg_netbox__cables') }}
),

interfaces as (
    select * from {{ ref('stg_netbox__interfaces') }}
),

circuits as (
    select * from {{ ref('stg_netbox__circuits') }}
),

-- a cable may split into several at either end
plugs as (
    select
        cables.cable_id,
        side.name as side,
        plug.value ->> 'object_type' as object_type,
        (plug.value ->> 'object_id')::bigint as object_id
    from cables
    cross join lateral (values ('a', cables.a_terminations), ('b', cables.b_terminations)) as side (name, plugs)
    cross join lateral jsonb_array_elements(
        case when jsonb_typeof(side.plugs) = 'array' then side.plugs else '[]' end
    ) as plug (value)
),

ends as (
    select
        plugs.cable_id,
        plugs.side,
        case plugs.object_type
            when 'dcim.interface' then 'interface'
            when 'circuits.circuittermination' then 'circuit'
            else 'other'
        end as kind,
        plugs.object_id,
        {{ surrogate_key('netbox.devices', 'interfaces.device_id') }} as device_key,
        interfaces.interface_name,
        interfaces.speed_bps,
        circuits.circuit_name,
        circuits.provider_name,
        circuits.circuit_type,
        circuits.commit_rate_bps
    from plugs
    left join interfaces on plugs.object_type = 'dcim.interface' and plugs.object_id = interfaces.interface_id
    left join circuits
        on
            plugs.object_type = 'circuits.circuittermination'
            and plugs.object_id in (circuits.termination_a_id, circuits.termination_z_id)
),

-- every link begins at an interface; of two interfaces that on side a
links as (
    select
        near.cable_id,
        near.object_id as near_object_id,
        near.device_key as near_device_key,
        near.interface_name as near_interface_name,
        near.speed_bps as near_speed_bps,
        far.object_id as far_object_id,
        far.kind as far_kind,
        far.device_key as far_device_key,
        far.interface_name as far_interface_name,
        far.circuit_name,
        far.provider_name,
        far.circuit_type,
        far.commit_rate_bps
    from ends as near
    inner join ends as far on near.cable_id = far.cable_id and near.side <> far.side
    where near.kind = 'interface' and (near.side = 'a' or far.kind <> 'interface')
),

final as (
    select
        {{ surrogate_key('interface_link', [
            'links.cable_id', 'links.near_object_id', 'links.far_kind', 'links.far_object_id'
        ]) }} as interface_link_key,
        links.cable_id,
        cables.cable_status,
        cables.cable_type,
        coalesce(links.near_device_key, -1) as device_key,
        coalesce({{ interface_key('links.near_device_key', 'links.near_interface_name') }}, -1) as interface_key,
        links.near_interface_name as interface_name,
        links.near_speed_bps as speed_bps,
        links.far_kind,
        case when links.far_kind = 'interface' then coalesce(links.far_device_key, -1) else -2 end as far_device_key,
        case
            when links.far_kind = 'interface'
                then coalesce({{ interface_key('links.far_device_key', 'links.far_interface_name') }}, -1)
            else -2
        end as far_interface_key,
        links.far_interface_name,
        links.circuit_name,
        links.provider_name,
        links.circuit_type,
        links.commit_rate_bps
    from links
    inner join cables on links.cable_id = cables.cable_id
)

select * from final
