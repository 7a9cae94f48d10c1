with roles as (
    select * from {{ ref('stg_netbox__device_roles') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

role_criticality as (
    select * from {{ ref('role_criticality') }}
),

from_netbox as (
    select
        {{ surrogate_key('netbox.device_roles', 'roles.role_id') }} as device_role_key,
        roles.role_name,
        roles.role_slug,
        roles.is_vm_role,
        coalesce(role_criticality.criticality, 3) as criticality,
        'netbox' as source,
        roles.is_deleted,
        false as is_inferred
    from roles
    left join role_criticality on roles.role_slug = role_criticality.role_slug
),

-- roles that devices name but NetBox has not delivered yet
named_only as (
    select
        {{ surrogate_key('netbox.device_roles', 'device_versions.role_id') }} as device_role_key,
        coalesce(max(device_versions.role_name), 'Role ' || device_versions.role_id) as role_name,
        'netbox' as source,
        true as is_inferred
    from device_versions
    left join roles on device_versions.role_id = roles.role_id
    where device_versions.role_id is not null and roles.role_id is null
    group by device_versions.role_id
    union all
    select
        -1 as device_role_key,
        'Unknown' as role_name,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as device_role_key,
        'Not applicable' as role_name,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from from_netbox
    union all
    select
        device_role_key,
        role_name,
        null as role_slug,
        false as is_vm_role,
        3 as criticality,
        source,
        false as is_deleted,
        is_inferred
    from named_only
)

select * from all_members
