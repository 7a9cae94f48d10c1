with outages as (
    select * from {{ ref('int_device__outages') }}
),

windows as (
    select * from {{ ref('int_maintenance_windows') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

stays as (
    {{ scd2_intervals('device_versions', 'device_id', ['site_id']) }}
),

placed as (
    select
        outages.outage_key,
        outages.device_key,
        outages.started_at,
        coalesce({{ surrogate_key('netbox.sites', 'stays.site_id') }}, -1) as site_key
    from outages
    left join stays
        on
            outages.device_key = {{ surrogate_key('netbox.devices', 'stays.device_id') }}
            and outages.started_at >= stays.valid_from
            and outages.started_at < stays.valid_to
),

-- the first failed scrape may come up to a scrape before the status was set
planned as (
    select distinct placed.outage_key
    from placed
    inner join windows
        on
            windows.device_key in (placed.device_key, -2)
            and windows.site_key in (placed.site_key, -2)
            and placed.started_at >= windows.starts_at - interval '1 minute'
            and placed.started_at < windows.ends_at
)

select * from planned
