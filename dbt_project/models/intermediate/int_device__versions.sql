with device_versions as (
    select * from {{ ref('stg_netbox__devices__versions') }}
),

object_changes as (
    select * from {{ ref('stg_netbox__object_changes') }}
),

roles as (
    select * from {{ ref('stg_netbox__device_roles') }}
),

device_types as (
    select * from {{ ref('stg_netbox__device_types') }}
),

manufacturers as (
    select * from {{ ref('stg_netbox__manufacturers') }}
),

platforms as (
    select * from {{ ref('stg_netbox__platforms') }}
),

-- materialised, because the planner expects next to no changes and would look them all up once for each
ip_addresses as materialized (
    select * from {{ ref('stg_netbox__ip_addresses') }}
),

first_known as (
    select
        device_id,
        min(_known_at) as known_at
    from device_versions
    group by device_id
),

-- NetBox stamps the change moments after the object, so the last change before our first version
-- may seem to follow it
earlier_changes as (
    select
        first_known.device_id,
        first_known.known_at as first_known_at,
        object_changes.*,
        row_number() over (
            partition by first_known.device_id order by object_changes.changed_at, object_changes.change_id
        ) as position
    from object_changes
    inner join first_known on object_changes.object_id = first_known.device_id
    where
        object_changes.object_type = 'dcim.device'
        and object_changes.changed_at < first_known.known_at + interval '5 minutes'
),

earlier_states as (
    select
        device_id,
        prechange_data as state,
        '1900-01-01 00:00:00+00'::timestamptz as holds_from,
        0 as change_id
    from earlier_changes
    where position = 1 and jsonb_typeof(prechange_data) = 'object'
    union all
    select
        device_id,
        postchange_data as state,
        changed_at as holds_from,
        change_id
    from earlier_changes
    where changed_at < first_known_at and jsonb_typeof(postchange_data) = 'object'
),

read_states as (
    select
        *,
        {{ netbox_change_id('state', 'site') }} as site_id,
        coalesce(
            {{ netbox_change_id('state', 'role') }}, {{ netbox_change_id('state', 'device_role') }}
        ) as role_id,
        {{ netbox_change_id('state', 'device_type') }} as device_type_id,
        {{ netbox_change_id('state', 'tenant') }} as tenant_id,
        {{ netbox_change_id('state', 'platform') }} as platform_id,
        coalesce(
            {{ netbox_change_id('state', 'primary_ip4') }}, {{ netbox_change_id('state', 'primary_ip6') }}
        ) as primary_ip_id
    from earlier_states
),

backfilled as (
    select
        read_states.device_id,
        read_states.state ->> 'name' as device_name,
        {{ known_or_unknown("read_states.state ->> 'status'", [
            'offline', 'active', 'planned', 'staged', 'failed', 'inventory', 'decommissioning'
        ], name='device_status') }},
        read_states.site_id,
        read_states.role_id,
        roles.role_name,
        read_states.device_type_id,
        device_types.model as device_type_model,
        manufacturers.manufacturer_name,
        read_states.tenant_id,
        platforms.platform_name,
        read_states.state -> 'custom_fields' ->> 'environment' as environment,
        case
            when read_states.state -> 'custom_fields' ->> 'criticality' ~ '^[1-5]$'
                then (read_states.state -> 'custom_fields' ->> 'criticality')::integer
        end as criticality,
        {{ hash_personal("read_states.state ->> 'serial'") }} as serial_hash,
        read_states.state ->> 'asset_tag' as asset_tag,
        {{ ip_host('ip_addresses.address_cidr') }} as primary_ip,
        false as is_deleted,
        true as is_from_changelog,
        read_states.holds_from as _known_at,
        -- older than any load; the changes of one moment keep their order
        '' as _load_id,
        to_char(999999999999 - read_states.change_id, 'FM000000000000') as _row_hash
    from read_states
    left join roles on read_states.role_id = roles.role_id
    left join device_types on read_states.device_type_id = device_types.device_type_id
    left join manufacturers on device_types.manufacturer_id = manufacturers.manufacturer_id
    left join platforms on read_states.platform_id = platforms.platform_id
    left join ip_addresses on read_states.primary_ip_id = ip_addresses.ip_address_id
),

loaded as (
    select
        device_id,
        device_name,
        device_status,
        device_status_original,
        site_id,
        role_id,
        role_name,
        device_type_id,
        device_type_model,
        manufacturer_name,
        tenant_id,
        platform_name,
        environment,
        criticality,
        serial_hash,
        asset_tag,
        primary_ip,
        is_deleted,
        false as is_from_changelog,
        _known_at,
        _load_id,
        _row_hash
    from device_versions
),

versions as (
    select * from loaded
    union all
    select * from backfilled
)

select * from versions
