with cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

subjects as (
    select * from {{ ref('int_thehive__subjects') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

ticket_subjects as (
    select * from {{ ref('stg_odoo__ticket_subjects') }}
),

ticket_devices as (
    select * from {{ ref('int_ticket__devices') }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

outages as (
    select * from {{ ref('int_device__outages') }}
),

planned_outages as (
    select * from {{ ref('int_device__planned_outages') }}
),

severities as (
    select * from {{ ref('severity_map') }}
),

rules as (
    select * from {{ ref('incident_type_rules') }}
),

stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

case_candidates as (
    select
        'case' as source,
        cases.case_id as source_id,
        cases.title,
        'thehive.severity' as severity_source,
        cases.severity::text as severity_value,
        subjects.device_key,
        subjects.customer_key,
        coalesce(cases.started_at, cases.created_at) as occurred_at,
        coalesce(cases.entered_new_at, cases.created_at) as detected_at,
        cases.entered_in_progress_at as acknowledged_at,
        cases.mitigated_at,
        case
            when cases.case_stage = 'Closed' then coalesce(cases.ended_at, cases.first_closed_at, cases.updated_at)
        end as resolved_at,
        case
            when cases.case_stage = 'Closed' then coalesce(cases.first_closed_at, cases.ended_at, cases.updated_at)
        end as closed_at,
        cases.case_status = 'TruePositive' as is_true_positive,
        cases.case_status = 'FalsePositive' as is_false_positive,
        cases.case_status = 'Duplicated' as is_duplicate,
        cases._known_at,
        cases._load_id
    from cases
    inner join subjects on cases.case_id = subjects.object_id and subjects.object_kind = 'case'
),

-- an urgent ticket is an incident; taking it up acknowledges it, Odoo's closing date ends it
ticket_candidates as (
    select
        'ticket' as source,
        tickets.ticket_id::text as source_id,
        ticket_subjects.subject as title,
        'odoo.priority' as severity_source,
        tickets.priority as severity_value,
        coalesce(ticket_devices.device_key, -1) as device_key,
        coalesce(parties.customer_key, -1) as customer_key,
        tickets.created_at as occurred_at,
        tickets.created_at as detected_at,
        tickets.assigned_at as acknowledged_at,
        null::timestamptz as mitigated_at,
        case when stages.is_closed_stage then coalesce(tickets.closed_at, tickets.updated_at) end as resolved_at,
        case when stages.is_closed_stage then coalesce(tickets.closed_at, tickets.updated_at) end as closed_at,
        false as is_true_positive,
        false as is_false_positive,
        false as is_duplicate,
        tickets._known_at,
        tickets._load_id
    from tickets
    left join ticket_subjects on tickets.ticket_id = ticket_subjects.ticket_id
    left join ticket_devices on tickets.ticket_id = ticket_devices.ticket_id
    left join parties on tickets.ticket_id = parties.ticket_id
    left join stages on tickets.stage_id = stages.stage_id
    where tickets.priority = '3'
),

-- who does not answer for five minutes is down, which then is known; what was planned is no incident
outage_candidates as (
    select
        'outage' as source,
        outages.outage_key::text as source_id,
        null as title,
        'prometheus.outage' as severity_source,
        'down' as severity_value,
        outages.device_key,
        -1 as customer_key,
        outages.started_at as occurred_at,
        outages.started_at + interval '5 minutes' as detected_at,
        null::timestamptz as acknowledged_at,
        null::timestamptz as mitigated_at,
        outages.ended_at as resolved_at,
        outages.ended_at as closed_at,
        false as is_true_positive,
        false as is_false_positive,
        false as is_duplicate,
        outages._known_at,
        outages._load_id
    from outages
    left join planned_outages on outages.outage_key = planned_outages.outage_key
    where outages.down_seconds >= 300 and planned_outages.outage_key is null
),

candidates as (
    select * from case_candidates
    union all
    select * from ticket_candidates
    union all
    select * from outage_candidates
),

-- the last rule fits everything
typed as (
    select distinct on (candidates.source, candidates.source_id)
        candidates.source,
        candidates.source_id,
        rules.precedence as type_precedence,
        rules.incident_type
    from candidates
    inner join rules
        on
            coalesce(candidates.source = rules.source, true)
            and coalesce(candidates.title ~* rules.pattern, rules.pattern is null)
    order by candidates.source, candidates.source_id, rules.precedence
),

classed as (
    select
        candidates.source,
        candidates.source_id,
        candidates.device_key,
        candidates.customer_key,
        coalesce(severities.severity_key, -1) as severity_key,
        typed.type_precedence,
        typed.incident_type,
        candidates.occurred_at,
        candidates.detected_at,
        candidates.acknowledged_at,
        candidates.mitigated_at,
        candidates.resolved_at,
        candidates.closed_at,
        candidates.is_true_positive,
        candidates.is_false_positive,
        candidates.is_duplicate,
        candidates._known_at,
        candidates._load_id
    from candidates
    inner join typed
        on
            candidates.source = typed.source
            and candidates.source_id = typed.source_id
    left join severities
        on
            candidates.severity_source = severities.source
            and candidates.severity_value = severities.source_value
)

select * from classed
