with device_versions as (
    select * from {{ ref('int_device__versions') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

roles as (
    select * from {{ ref('dim_device_role') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

intervals as (
    {{ scd2_intervals('device_versions', 'device_id', [
        'device_name', 'device_status', 'site_id', 'role_id', 'role_name', 'device_type_id', 'device_type_model',
        'manufacturer_name', 'tenant_id', 'platform_name', 'environment', 'criticality', 'serial_hash', 'primary_ip'
    ]) }}
),

first_loaded as (
    select
        device_id,
        min(_known_at) as known_at
    from device_versions
    where not is_from_changelog
    group by device_id
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
        coalesce({{ surrogate_key('netbox.device_roles', 'intervals.role_id') }}, -1) as device_role_key,
        coalesce(intervals.role_name, 'unknown') as role_name,
        coalesce({{ surrogate_key('netbox.device_types', 'intervals.device_type_id') }}, -1) as device_type_key,
        coalesce(intervals.device_type_model, 'unknown') as device_type,
        coalesce(intervals.manufacturer_name, 'unknown') as manufacturer,
        intervals.platform_name as platform,
        coalesce(intervals.criticality, roles.criticality, 3) as criticality,
        coalesce(intervals.environment, 'unknown') as environment,
        intervals.serial_hash,
        {{ hash_personal('intervals.primary_ip') }} as primary_ip_hash,
        case when intervals.valid_to <= first_loaded.known_at then 'changelog' else 'load' end as change_source,
        'netbox' as source,
        intervals.valid_from,
        intervals.valid_to,
        intervals.is_current,
        intervals.is_deleted,
        false as is_inferred
    from intervals
    left join tenants on intervals.tenant_id = tenants.tenant_id and tenants.is_chosen
    left join roles on {{ surrogate_key('netbox.device_roles', 'intervals.role_id') }} = roles.device_role_key
    left join first_loaded on intervals.device_id = first_loaded.device_id
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
        site_key as device_role_key,
        'unknown' as role_name,
        site_key as device_type_key,
        'unknown' as device_type,
        'unknown' as manufacturer,
        null as platform,
        3 as criticality,
        'unknown' as environment,
        null as serial_hash,
        null as primary_ip_hash,
        'none' as change_source,
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
        device_role_key,
        role_name,
        device_type_key,
        device_type,
        manufacturer,
        platform,
        criticality,
        environment,
        serial_hash,
        primary_ip_hash,
        change_source,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        is_inferred
    from all_members
)

select * from keyed
