with interfaces as (
    select * from {{ ref('stg_netbox__interfaces') }}
),

monitored as (
    select * from {{ ref('int_prometheus__interfaces') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

identified as (
    select
        *,
        {{ surrogate_key('netbox.devices', 'device_id') }} as device_key
    from interfaces
    where device_id is not null and interface_name is not null
),

-- names are unique within a device in NetBox; a copy that a rename leaves for a moment is dropped
from_netbox as (
    select distinct on (device_key, interface_name)
        {{ interface_key('device_key', 'interface_name') }} as interface_key,
        device_key,
        interface_name,
        coalesce(interface_type, 'unknown') as interface_type,
        speed_bps,
        coalesce({{ surrogate_key('netbox.vlans', 'untagged_vlan_id') }}, -2) as vlan_key,
        coalesce(vlan_mode in ('tagged', 'tagged-all'), false) as is_uplink,
        coalesce(is_enabled, true) as is_enabled,
        coalesce(is_management, false) as is_management,
        'netbox' as source,
        false as is_inferred
    from identified
    order by device_key asc, interface_name asc, interface_id desc
),

monitored_interfaces as (
    select distinct
        hosts.device_key,
        monitored.interface_name
    from monitored
    inner join prometheus_hosts on monitored.instance = prometheus_hosts.instance
    inner join hosts on prometheus_hosts.host = hosts.host
    where hosts.is_chosen
),

-- interfaces that only Prometheus knows
members_without_row as (
    select
        {{ interface_key('monitored_interfaces.device_key', 'monitored_interfaces.interface_name') }} as interface_key,
        monitored_interfaces.device_key,
        monitored_interfaces.interface_name,
        'prometheus' as source,
        true as is_inferred
    from monitored_interfaces
    left join from_netbox
        on
            monitored_interfaces.device_key = from_netbox.device_key
            and monitored_interfaces.interface_name = from_netbox.interface_name
    where from_netbox.interface_key is null
    union all
    select
        -1 as interface_key,
        -1 as device_key,
        'Unknown' as interface_name,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as interface_key,
        -2 as device_key,
        'Not applicable' as interface_name,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from from_netbox
    union all
    select
        interface_key,
        device_key,
        interface_name,
        'unknown' as interface_type,
        null as speed_bps,
        case when interface_key = -2 then -2 else -1 end as vlan_key,
        false as is_uplink,
        true as is_enabled,
        false as is_management,
        source,
        is_inferred
    from members_without_row
)

select * from all_members
