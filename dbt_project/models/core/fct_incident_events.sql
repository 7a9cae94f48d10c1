with candidates as (
    select * from {{ ref('int_incident__merged') }}
),

entries as (
    select *
    from {{ ref('stg_thehive__audit') }}
    where object_type in ('Case', 'Task')
),

cases as (
    select
        source_id as case_id,
        incident_key
    from candidates
    where source = 'case'
),

field_names as (
    select
        entries.audit_id,
        fields.field
    from entries
    cross join lateral jsonb_object_keys(
        case when jsonb_typeof(entries.details) = 'object' then entries.details else '{}' end
    ) as fields (field)
),

changed_fields as (
    select
        audit_id,
        string_agg(field, ', ' order by field) as fields
    from field_names
    group by audit_id
),

-- what TheHive recorded of the case and its tasks
recorded as (
    select
        cases.incident_key,
        'case' as source,
        entries.audit_id as event_id,
        entries.event_at,
        lower(entries.object_type) || ' ' || case entries.action
            when 'create' then 'created' when 'update' then 'changed' when 'delete' then 'deleted'
            when 'merge' then 'merged' else 'touched'
        end as event_kind,
        entries.object_id,
        entries.details ->> 'status' as status,
        entries.details ->> 'stage' as stage,
        (entries.details ->> 'severity')::integer as severity_key,
        {{ hash_personal("entries.details ->> 'assignee'") }} as assignee_hash,
        changed_fields.fields,
        entries.actor_hash,
        entries._known_at,
        entries._load_id
    from entries
    inner join cases on entries.root_id = cases.case_id
    left join changed_fields on entries.audit_id = changed_fields.audit_id
),

-- tickets and outages speak by their milestones
milestones as (
    select
        incident_key,
        source,
        source_id,
        'occurred' as milestone,
        occurred_at as event_at,
        _known_at,
        _load_id
    from candidates
    union all
    select
        incident_key,
        source,
        source_id,
        'acknowledged' as milestone,
        acknowledged_at as event_at,
        _known_at,
        _load_id
    from candidates
    union all
    select
        incident_key,
        source,
        source_id,
        'resolved' as milestone,
        resolved_at as event_at,
        _known_at,
        _load_id
    from candidates
),

passed as (
    select
        incident_key,
        source,
        source_id || ' ' || milestone as event_id,
        event_at,
        source || ' ' || milestone as event_kind,
        source_id as object_id,
        null as status,
        null as stage,
        null::integer as severity_key,
        null as assignee_hash,
        null as fields,
        null as actor_hash,
        _known_at,
        _load_id
    from milestones
    where source <> 'case' and event_at is not null
),

events as (
    select * from recorded
    union all
    select * from passed
),

keyed as (
    select
        {{ surrogate_key('incident_events', ['source', 'event_id']) }} as incident_event_key,
        incident_key,
        source,
        event_id,
        {{ date_key('event_at') }} as date_key,
        event_at,
        event_kind,
        object_id,
        status,
        stage,
        severity_key,
        assignee_hash,
        fields,
        actor_hash,
        _known_at,
        _load_id
    from events
)

select * from keyed
