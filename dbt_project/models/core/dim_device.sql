with device_versions as (
    select * from {{ ref('stg_netbox__devices__versions') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

intervals as (
    {{ scd2_intervals('device_versions', 'device_id', [
        'device_name', 'device_status', 'site_id', 'role_name', 'device_type_model', 'manufacturer_name',
        'tenant_id', 'platform_name', 'serial_hash'
    ]) }}
),

inventory as (
    select
        {{ surrogate_key('netbox.devices', 'intervals.device_id') }} as device_key,
        intervals.device_id,
        coalesce(
            nullif(trim(intervals.device_name), ''), 'Unnamed device ' || intervals.device_id
        ) as device_name,
        intervals.device_status,
        coalesce({{ surrogate_key('netbox.sites', 'intervals.site_id') }}, -1) as site_key,
        coalesce(tenants.customer_key, -1) as customer_key,
        coalesce(intervals.role_name, 'unknown') as role_name,
        coalesce(intervals.device_type_model, 'unknown') as device_type,
        coalesce(intervals.manufacturer_name, 'unknown') as manufacturer,
        intervals.platform_name as platform,
        intervals.serial_hash,
        'netbox' as source,
        intervals.valid_from,
        intervals.valid_to,
        intervals.is_current,
        intervals.is_deleted,
        false as is_inferred
    from intervals
    left join tenants on intervals.tenant_id = tenants.tenant_id and tenants.is_chosen
),

-- machines that only Prometheus knows
members_without_version as (
    select
        device_key,
        host as device_name,
        'prometheus' as source,
        -1 as site_key,
        true as is_inferred
    from hosts
    where is_inferred and is_chosen
    union all
    select
        -1 as device_key,
        'Unknown' as device_name,
        'none' as source,
        -1 as site_key,
        false as is_inferred
    union all
    select
        -2 as device_key,
        'Not applicable' as device_name,
        'none' as source,
        -2 as site_key,
        false as is_inferred
),

all_members as (
    select * from inventory
    union all
    select
        device_key,
        null as device_id,
        device_name,
        'unknown' as device_status,
        site_key,
        site_key as customer_key,
        'unknown' as role_name,
        'unknown' as device_type,
        'unknown' as manufacturer,
        null as platform,
        null as serial_hash,
        source,
        '1900-01-01 00:00:00+00'::timestamptz as valid_from,
        '9999-12-31 00:00:00+00'::timestamptz as valid_to,
        true as is_current,
        false as is_deleted,
        is_inferred
    from members_without_version
),

keyed as (
    select
        device_key,
        {{ version_key('device_key', 'valid_from') }} as device_version_key,
        device_id,
        device_name,
        device_status,
        site_key,
        customer_key,
        role_name,
        device_type,
        manufacturer,
        platform,
        serial_hash,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        is_inferred
    from all_members
)

select * from keyed
