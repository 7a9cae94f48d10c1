with tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

ticket_devices as (
    select * from {{ ref('int_ticket__devices') }}
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

sites as (
    select
        {{ surrogate_key('netbox.devices', 'device_id') }} as device_key,
        {{ surrogate_key('netbox.sites', 'site_id') }} as site_key,
        valid_from,
        valid_to
    from stays
),

-- what stood where when the ticket came
placed as (
    select
        tickets.ticket_id,
        tickets.created_at,
        ticket_devices.device_key,
        sites.site_key
    from tickets
    left join ticket_devices on tickets.ticket_id = ticket_devices.ticket_id
    left join sites
        on
            ticket_devices.device_key = sites.device_key
            and tickets.created_at >= sites.valid_from
            and tickets.created_at < sites.valid_to
),

-- by equality, since tickets are many: what concerns the device, its site, and everything
concerned as (
    select
        ticket_id,
        created_at,
        device_key,
        -2 as site_key
    from placed
    where device_key is not null
    union all
    select
        ticket_id,
        created_at,
        -2 as device_key,
        site_key
    from placed
    where site_key is not null
    union all
    select
        ticket_id,
        created_at,
        -2 as device_key,
        -2 as site_key
    from placed
)

select distinct concerned.ticket_id
from concerned
inner join windows
    on
        concerned.device_key = windows.device_key
        and concerned.site_key = windows.site_key
        and concerned.created_at >= windows.starts_at
        and concerned.created_at < windows.ends_at
