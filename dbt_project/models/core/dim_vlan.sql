with vlans as (
    select * from {{ ref('stg_netbox__vlans') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

interfaces as (
    select * from {{ ref('stg_netbox__interfaces') }}
),

from_netbox as (
    select
        {{ surrogate_key('netbox.vlans', 'vlans.vlan_id') }} as vlan_key,
        vlans.vid::integer as vid,
        vlans.vlan_name,
        vlans.vlan_status,
        vlans.vlan_group,
        vlans.vlan_role,
        coalesce({{ surrogate_key('netbox.sites', 'vlans.site_id') }}, -2) as site_key,
        coalesce(tenants.customer_key, -2) as customer_key,
        'netbox' as source,
        vlans.is_deleted,
        false as is_inferred
    from vlans
    left join tenants on vlans.tenant_id = tenants.tenant_id and tenants.is_chosen
),

-- VLANs that interfaces name but NetBox has not delivered yet
named_only as (
    select distinct
        {{ surrogate_key('netbox.vlans', 'interfaces.untagged_vlan_id') }} as vlan_key,
        'VLAN ' || interfaces.untagged_vlan_id as vlan_name,
        -1 as site_key,
        'netbox' as source,
        true as is_inferred
    from interfaces
    left join vlans on interfaces.untagged_vlan_id = vlans.vlan_id
    where interfaces.untagged_vlan_id is not null and vlans.vlan_id is null
    union all
    select
        -1 as vlan_key,
        'Unknown' as vlan_name,
        -1 as site_key,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as vlan_key,
        'Not applicable' as vlan_name,
        -2 as site_key,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from from_netbox
    union all
    select
        vlan_key,
        null as vid,
        vlan_name,
        'unknown' as vlan_status,
        null as vlan_group,
        null as vlan_role,
        site_key,
        site_key as customer_key,
        source,
        false as is_deleted,
        is_inferred
    from named_only
)

select * from all_members
