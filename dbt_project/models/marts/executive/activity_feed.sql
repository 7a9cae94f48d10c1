with ticket_events as (
    select * from {{ ref('fct_ticket_events') }}
    where event_kind in ('created', 'closed', 'reopened')
),

tickets as (
    select * from {{ ref('fct_tickets') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

-- the day lets the index find the partitions
critical_alerts as (
    select * from {{ ref('fct_security_alerts') }}
    where severity_key = 4 and date_key >= {{ date_key('(' ~ as_of() ~ " - interval '14 days')") }}
),

outages as (
    select * from {{ ref('fct_device_outages') }}
),

-- an import would bury everything else
changes as (
    select * from {{ ref('fct_changes') }}
    where not is_bulk
),

severities as (
    select * from {{ ref('dim_severity_mapping') }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

of_tickets as (
    select
        ticket_events.event_at,
        'ticket ' || ticket_events.event_kind as event_kind,
        'ticket' as item_kind,
        ticket_events.ticket_key as item_key,
        -2 as device_key,
        -2 as site_key,
        ticket_events.customer_key,
        coalesce(severities.severity_key, -1) as severity_key,
        ticket_events.event_number as occurrence,
        'Ticket ' || coalesce(tickets.ticket_ref, tickets.ticket_id::text) || ' ' || ticket_events.event_kind
        || ' (' || {{ priority_name('ticket_events.priority_code') }} || ')' as title
    from ticket_events
    inner join tickets on ticket_events.ticket_key = tickets.ticket_key
    left join severities
        on ticket_events.priority_code = severities.source_value and severities.source = 'odoo.priority'
),

of_incidents as (
    select
        milestones.event_at,
        'incident ' || milestones.milestone as event_kind,
        'incident' as item_kind,
        incidents.incident_key as item_key,
        incidents.device_key,
        incidents.site_key,
        incidents.customer_key,
        incidents.severity_key,
        0 as occurrence,
        'Incident ' || milestones.milestone || ': ' || incidents.incident_type
        || case when incidents.case_number is not null then ' (case ' || incidents.case_number || ')' else '' end
        || case
            when milestones.milestone = 'resolved' and incidents.is_false_positive then ', a false positive'
            when milestones.milestone = 'resolved' and incidents.is_duplicate then ', a duplicate'
            else ''
        end as title
    from incidents
    cross join
        lateral (
            values
            ('detected', incidents.detected_at),
            ('resolved', incidents.resolved_at)
        ) as milestones (milestone, event_at)
),

-- the text of an alert may name people, the number of its rule does not
of_alerts as (
    select
        critical_alerts.event_at,
        'critical alert' as event_kind,
        'alert' as item_kind,
        critical_alerts.alert_key as item_key,
        critical_alerts.device_key,
        critical_alerts.site_key,
        critical_alerts.customer_key,
        critical_alerts.severity_key,
        0 as occurrence,
        'Critical alert by rule ' || critical_alerts.rule_id || ' on '
        || coalesce(devices.device_name, 'no known device') as title
    from critical_alerts
    left join devices on critical_alerts.device_key = devices.device_key and critical_alerts.device_key > 0
),

of_outages as (
    select
        milestones.event_at,
        'outage ' || milestones.milestone as event_kind,
        'outage' as item_kind,
        outages.outage_key as item_key,
        outages.device_key,
        outages.site_key,
        outages.customer_key,
        case when outages.is_planned then 0 else coalesce(severities.severity_key, -1) end as severity_key,
        0 as occurrence,
        coalesce(devices.device_name, 'An unknown device')
        || case
            when milestones.milestone = 'ended'
                then ' is back after ' || round(outages.down_seconds / 60.0) || ' minutes down'
            else ' is down'
        end
        || case when outages.is_planned then ', as planned' else '' end as title
    from outages
    cross join
        lateral (
            values
            ('began', outages.started_at),
            ('ended', outages.ended_at)
        ) as milestones (milestone, event_at)
    left join severities on severities.source = 'prometheus.outage' and severities.source_value = 'down'
    left join devices on outages.device_key = devices.device_key
),

of_changes as (
    select
        changes.changed_at as event_at,
        'inventory ' || changes.change_kind as event_kind,
        'change' as item_kind,
        changes.change_key as item_key,
        changes.device_key,
        changes.site_key,
        changes.customer_key,
        0 as severity_key,
        0 as occurrence,
        'NetBox ' || changes.change_kind || ' of ' || changes.object_type || ' ' || changes.object_id
        || coalesce(' of ' || devices.device_name, '')
        || coalesce(': ' || nullif(changes.changed_fields, ''), '') as title
    from changes
    left join devices on changes.device_key = devices.device_key and changes.device_key > 0
),

events as (
    select * from of_tickets
    union all
    select * from of_incidents
    union all
    select * from of_alerts
    union all
    select * from of_outages
    union all
    select * from of_changes
),

recent as (
    select *
    from events
    where event_at > {{ as_of() }} - interval '14 days' and event_at <= {{ as_of() }}
),

named as (
    select
        {{ surrogate_key('activity', [
            'recent.event_kind', 'recent.item_key', 'recent.occurrence'
        ]) }} as activity_key,
        {{ date_key('recent.event_at') }} as date_key,
        recent.event_at,
        recent.event_kind,
        recent.title,
        recent.severity_key,
        {{ severity_name('recent.severity_key') }} as severity,
        recent.customer_key,
        customers.customer_name,
        recent.site_key,
        sites.site_name,
        recent.device_key,
        coalesce(devices.device_name, 'Unknown') as device_name,
        recent.item_kind,
        recent.item_key
    from recent
    left join customers on recent.customer_key = customers.customer_key
    left join sites on recent.site_key = sites.site_key
    left join devices on recent.device_key = devices.device_key
)

select * from named
