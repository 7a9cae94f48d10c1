with candidates as (
    select * from {{ ref('int_incident__merged') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

ticket_devices as (
    select * from {{ ref('int_ticket__devices') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

merged_tickets as (
    select
        incident_key,
        source_id::bigint as ticket_id
    from candidates
    where source = 'ticket'
),

-- tickets of lower priority that name the device while the incident lasts, or an hour around it; those
-- of another customer are about what the device does for that one
neighbours as (
    select
        incidents.incident_key,
        tickets.ticket_id
    from incidents
    inner join ticket_devices on incidents.device_key = ticket_devices.device_key
    inner join tickets on ticket_devices.ticket_id = tickets.ticket_id
    inner join parties on tickets.ticket_id = parties.ticket_id
    left join merged_tickets on tickets.ticket_id = merged_tickets.ticket_id
    where
        merged_tickets.ticket_id is null
        and (parties.customer_key = incidents.customer_key or -1 in (parties.customer_key, incidents.customer_key))
        and tickets.created_at >= incidents.occurred_at - interval '60 minutes'
        and tickets.created_at <= least(
            coalesce(incidents.resolved_at, {{ as_of() }}), incidents.occurred_at + interval '72 hours'
        ) + interval '60 minutes'
),

links as (
    select
        incident_key,
        ticket_id,
        'same incident' as link_method
    from merged_tickets
    union all
    select
        incident_key,
        ticket_id,
        'device and time' as link_method
    from neighbours
),

keyed as (
    select
        incident_key,
        {{ surrogate_key('odoo.tickets', 'ticket_id') }} as ticket_key,
        link_method
    from links
)

select * from keyed
