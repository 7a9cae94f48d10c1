with device_types as (
    select * from {{ ref('stg_netbox__device_types') }}
),

manufacturers as (
    select * from {{ ref('stg_netbox__manufacturers') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

from_netbox as (
    select
        {{ surrogate_key('netbox.device_types', 'device_types.device_type_id') }} as device_type_key,
        device_types.model as device_type,
        coalesce(manufacturers.manufacturer_name, 'unknown') as manufacturer,
        device_types.u_height,
        device_types.end_of_life,
        'netbox' as source,
        device_types.is_deleted,
        false as is_inferred
    from device_types
    left join manufacturers on device_types.manufacturer_id = manufacturers.manufacturer_id
),

-- types that devices name but NetBox has not delivered yet
named_only as (
    select
        {{ surrogate_key('netbox.device_types', 'device_versions.device_type_id') }} as device_type_key,
        coalesce(
            max(device_versions.device_type_model), 'Device type ' || device_versions.device_type_id
        ) as device_type,
        coalesce(max(device_versions.manufacturer_name), 'unknown') as manufacturer,
        'netbox' as source,
        true as is_inferred
    from device_versions
    left join device_types on device_versions.device_type_id = device_types.device_type_id
    where device_versions.device_type_id is not null and device_types.device_type_id is null
    group by device_versions.device_type_id
    union all
    select
        -1 as device_type_key,
        'Unknown' as device_type,
        'unknown' as manufacturer,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as device_type_key,
        'Not applicable' as device_type,
        'unknown' as manufacturer,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from from_netbox
    union all
    select
        device_type_key,
        device_type,
        manufacturer,
        null as u_height,
        null as end_of_life,
        source,
        false as is_deleted,
        is_inferred
    from named_only
)

select * from all_members
