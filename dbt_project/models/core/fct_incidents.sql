{{ config(dated_by=['{{ incident_days() }}'], is_read_by_day=true) }}

-- depends_on: {{ ref('dim_incident_type') }}, whose key is worked out here, so that it is there to be tested against

with candidates as (
    select * from {{ ref('int_incident__merged') }}
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

-- of every milestone the earliest counts, and ties go to the source that leads; the end of an outage
-- ends the incident only where nobody works on it
merged as (
    select
        incident_key,
        max(source) filter (where is_lead) as lead_source,
        min(source_id) filter (where source = 'case') as case_id,
        count(*) filter (where source = 'case') as cases,
        count(*) filter (where source = 'ticket') as tickets,
        count(*) filter (where source = 'outage') as outages,
        max(device_key) as device_key,
        max(customer_key) filter (where source = 'case' and customer_key > 0) as case_customer_key,
        max(customer_key) filter (where customer_key > 0) as any_customer_key,
        max(severity_key) as severity_key,
        (array_agg(incident_type order by type_precedence, source, source_id))[1] as incident_type,
        min(occurred_at) as occurred_at,
        (array_agg(source order by occurred_at asc, is_lead desc, source asc))[1] as occurred_source,
        min(detected_at) as detected_at,
        (array_agg(source order by detected_at asc, is_lead desc, source asc))[1] as detected_source,
        min(acknowledged_at) as acknowledged_at,
        (array_agg(source order by acknowledged_at asc, is_lead desc, source asc) filter (
            where acknowledged_at is not null
        ))[1] as acknowledged_source,
        min(mitigated_at) as mitigated_at,
        (array_agg(source order by mitigated_at asc, is_lead desc, source asc) filter (
            where mitigated_at is not null
        ))[1] as mitigated_source,
        min(resolved_at) filter (where source <> 'outage' or is_lead) as resolved_at,
        (array_agg(source order by resolved_at asc, is_lead desc, source asc) filter (
            where resolved_at is not null and (source <> 'outage' or is_lead)
        ))[1] as resolved_source,
        min(closed_at) filter (where source <> 'outage' or is_lead) as closed_at,
        bool_or(is_true_positive) as is_true_positive,
        bool_or(is_false_positive) as is_false_positive,
        bool_or(is_duplicate) as is_duplicate,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from candidates
    group by incident_key
),

identified as (
    select
        merged.*,
        cases.case_number,
        cases.case_status,
        cases.case_stage,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(
            merged.case_customer_key, nullif(devices.customer_key, -1), merged.any_customer_key, -1
        ) as customer_key
    from merged
    left join cases on merged.case_id = cases.case_id
    left join devices
        on
            merged.device_key > 0
            and merged.device_key = devices.device_key
            and merged.occurred_at >= devices.valid_from
            and merged.occurred_at < devices.valid_to
),

clocked as (
    select
        incident_key,
        lead_source,
        cases,
        tickets,
        outages,
        case_id,
        case_number,
        case_status,
        case_stage,
        {{ incident_type_key('incident_type') }} as incident_type_key,
        incident_type,
        severity_key,
        {{ severity_name('severity_key') }} as severity,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        occurred_at,
        detected_at,
        acknowledged_at,
        mitigated_at,
        resolved_at,
        closed_at,
        occurred_source,
        detected_source,
        acknowledged_source,
        mitigated_source,
        resolved_source,
        {{ seconds_between('occurred_at', 'detected_at') }} as time_to_detect_seconds,
        {{ seconds_between('detected_at', 'acknowledged_at') }} as time_to_acknowledge_from_detection_seconds,
        {{ seconds_between('occurred_at', 'acknowledged_at') }} as time_to_acknowledge_from_event_seconds,
        {{ seconds_between('acknowledged_at', 'mitigated_at') }} as time_to_mitigate_seconds,
        {{ seconds_between('acknowledged_at', 'resolved_at') }} as time_to_resolve_from_acknowledgement_seconds,
        {{ seconds_between('detected_at', 'resolved_at') }} as time_to_resolve_from_detection_seconds,
        {{ seconds_between('occurred_at', 'resolved_at') }} as time_to_restore_seconds,
        resolved_at is null as is_open,
        is_true_positive,
        is_false_positive,
        is_duplicate,
        -- the greatest of the milestones so far must never pass the next one
        detected_at < occurred_at
        or coalesce(acknowledged_at < detected_at, false)
        or coalesce(mitigated_at < greatest(detected_at, acknowledged_at), false)
        or coalesce(resolved_at < greatest(detected_at, acknowledged_at, mitigated_at), false) as has_order_violation,
        _known_at,
        _load_id
    from identified
)

select * from clocked
