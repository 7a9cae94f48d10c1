with site_versions as (
    select * from {{ ref('stg_netbox__sites__versions') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

site_weights as (
    select * from {{ ref('site_weights') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

intervals as (
    {{ scd2_intervals('site_versions', 'site_id', [
        'site_name', 'site_slug', 'site_status', 'region_name', 'tenant_id', 'time_zone', 'latitude', 'longitude'
    ]) }}
),

sites as (
    select
        {{ surrogate_key('netbox.sites', 'intervals.site_id') }} as site_key,
        intervals.site_id,
        intervals.site_name,
        intervals.site_slug,
        intervals.site_status,
        coalesce(intervals.region_name, 'unknown') as region,
        coalesce(tenants.customer_key, -2) as customer_key,
        coalesce(site_weights.weight, 1) as weight,
        intervals.time_zone,
        intervals.latitude,
        intervals.longitude,
        'netbox' as source,
        intervals.valid_from,
        intervals.valid_to,
        intervals.is_current,
        intervals.is_deleted,
        false as is_inferred
    from intervals
    left join tenants on intervals.tenant_id = tenants.tenant_id and tenants.is_chosen
    left join site_weights on intervals.site_slug = site_weights.site_slug
),

-- sites that devices name but NetBox has not delivered yet
named_only as (
    select distinct device_versions.site_id
    from device_versions
    left join site_versions on device_versions.site_id = site_versions.site_id
    where device_versions.site_id is not null and site_versions.site_id is null
),

members_without_version as (
    select
        {{ surrogate_key('netbox.sites', 'site_id') }} as site_key,
        site_id,
        'Site ' || site_id as site_name,
        'netbox' as source,
        -1::bigint as customer_key,
        true as is_inferred
    from named_only
    union all
    select
        -1 as site_key,
        null as site_id,
        'Unknown' as site_name,
        'none' as source,
        -1 as customer_key,
        false as is_inferred
    union all
    select
        -2 as site_key,
        null as site_id,
        'Not applicable' as site_name,
        'none' as source,
        -2 as customer_key,
        false as is_inferred
),

all_members as (
    select * from sites
    union all
    select
        site_key,
        site_id,
        site_name,
        null as site_slug,
        'unknown' as site_status,
        'unknown' as region,
        customer_key,
        1 as weight,
        null as time_zone,
        null as latitude,
        null as longitude,
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
        site_key,
        {{ version_key('site_key', 'valid_from') }} as site_version_key,
        site_id,
        site_name,
        site_slug,
        site_status,
        region,
        customer_key,
        weight,
        time_zone,
        latitude,
        longitude,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        is_inferred
    from all_members
)

select * from keyed
