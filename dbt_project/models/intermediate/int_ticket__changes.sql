{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with tickets as (
    {{ of_tickets_to_rebuild(ref('stg_odoo__tickets')) }}
),

ticket_versions as (
    select * from {{ ref('stg_odoo__tickets__versions') }}
    where {{ in_tickets_to_rebuild() }}
),

tracking_values as (
    select * from {{ ref('stg_odoo__mail_tracking_values') }}
    where record_model = 'helpdesk.ticket' and {{ in_tickets_to_rebuild() }}
),

priority_labels as (
    select * from {{ ref('ticket_priority_labels') }}
),

stage_moves as (
    select * from {{ ref('int_ticket__stage_moves') }}
    where {{ in_tickets_to_rebuild() }}
),

tracked as (
    select
        tracking_values.ticket_id,
        tracking_values.tracking_value_id,
        greatest(tracking_values.changed_at, tickets.created_at) as changed_at,
        case tracking_values.field_name
            when 'user_id' then 'assigned' when 'team_id' then 'transferred' else 'prioritised'
        end as event_kind,
        -- Odoo tracks an empty link as 0
        coalesce(nullif(tracking_values.old_value_id, 0), old_labels.priority_code) as old_value,
        coalesce(nullif(tracking_values.new_value_id, 0), new_labels.priority_code) as new_value
    from tracking_values
    inner join tickets on tracking_values.ticket_id = tickets.ticket_id
    left join priority_labels as old_labels on tracking_values.old_priority_label = old_labels.label
    left join priority_labels as new_labels on tracking_values.new_priority_label = new_labels.label
    where tracking_values.field_name in ('user_id', 'team_id', 'priority')
),

-- what a version of a ticket says of the fields that Odoo may not track
states as (
    select
        ticket_id,
        'assigned' as event_kind,
        user_id as value,
        updated_at,
        _known_at,
        _load_id
    from ticket_versions
    where not is_deleted
    union all
    select
        ticket_id,
        'transferred' as event_kind,
        team_id as value,
        updated_at,
        _known_at,
        _load_id
    from ticket_versions
    where not is_deleted
    union all
    select
        ticket_id,
        'prioritised' as event_kind,
        case when priority <> 'unknown' then priority::bigint end as value,
        updated_at,
        _known_at,
        _load_id
    from ticket_versions
    where not is_deleted
),

present_states as (
    select distinct on (ticket_id, event_kind)
        ticket_id,
        event_kind,
        value,
        updated_at
    from states
    order by ticket_id asc, event_kind asc, _known_at desc, _load_id desc
),

tracked_fields as (
    select distinct
        ticket_id,
        event_kind
    from tracked
),

observed as (
    select
        states.ticket_id,
        states.event_kind,
        states.updated_at as changed_at,
        states._known_at,
        lag(states.value) over same_field as old_value,
        states.value as new_value,
        row_number() over same_field as version_number
    from states
    left join tracked_fields
        on states.ticket_id = tracked_fields.ticket_id and states.event_kind = tracked_fields.event_kind
    where tracked_fields.ticket_id is null
    window same_field as (
        partition by states.ticket_id, states.event_kind order by states._known_at, states._load_id
    )
),

first_tracked as (
    select distinct on (ticket_id, event_kind) *
    from tracked
    order by ticket_id, event_kind, changed_at, tracking_value_id
),

last_tracked as (
    select distinct on (ticket_id, event_kind) *
    from tracked
    order by ticket_id asc, event_kind asc, changed_at desc, tracking_value_id desc
),

-- place 0 is what was so from the beginning; it takes no part in the history but carries into it
changes as (
    select
        ticket_id,
        event_kind,
        old_value as new_value,
        null::bigint as old_value,
        'first' as change_id,
        '-infinity'::timestamptz as changed_at,
        0 as place,
        0 as number_in_place,
        false as is_derived
    from first_tracked
    union all
    select
        ticket_id,
        event_kind,
        new_value,
        null as old_value,
        'first' as change_id,
        '-infinity' as changed_at,
        0 as place,
        0 as number_in_place,
        false as is_derived
    from observed
    where version_number = 1
    union all
    select
        ticket_id,
        event_kind,
        new_stage_id as new_value,
        old_stage_id as old_value,
        change_id,
        changed_at,
        case when event_kind = 'created' then 1 else 2 end as place,
        step_number as number_in_place,
        is_derived
    from stage_moves
    union all
    select
        ticket_id,
        event_kind,
        new_value,
        old_value,
        tracking_value_id::text as change_id,
        changed_at,
        3 as place,
        tracking_value_id as number_in_place,
        false as is_derived
    from tracked
    union all
    -- where nothing was tracked, two versions of the ticket tell
    select
        observed.ticket_id,
        observed.event_kind,
        observed.new_value,
        observed.old_value,
        'version ' || observed.version_number as change_id,
        greatest(coalesce(observed.changed_at, observed._known_at), tickets.created_at) as changed_at,
        4 as place,
        observed.version_number as number_in_place,
        true as is_derived
    from observed
    inner join tickets on observed.ticket_id = tickets.ticket_id
    where observed.version_number > 1 and observed.old_value is distinct from observed.new_value
    union all
    -- the ticket itself has the last word
    select
        last_tracked.ticket_id,
        last_tracked.event_kind,
        present_states.value as new_value,
        last_tracked.new_value as old_value,
        'present' as change_id,
        greatest(present_states.updated_at, last_tracked.changed_at) as changed_at,
        5 as place,
        0 as number_in_place,
        true as is_derived
    from last_tracked
    inner join present_states
        on last_tracked.ticket_id = present_states.ticket_id and last_tracked.event_kind = present_states.event_kind
    where last_tracked.new_value is distinct from present_states.value
),

numbered as (
    select
        *,
        row_number() over (
            partition by ticket_id order by changed_at, place, number_in_place, event_kind
        ) as number
    from changes
),

-- [number, value] of the last change of each field, which is what holds after this one
carried as (
    select
        *,
        count(*) filter (where place > 0) over so_far - 1 as change_number,
        max(array[number, new_value]) filter (where event_kind in ('created', 'closed', 'reopened', 'moved'))
            over so_far as stage,
        max(array[number, new_value]) filter (where event_kind = 'assigned') over so_far as assignee,
        max(array[number, new_value]) filter (where event_kind = 'transferred') over so_far as team,
        max(array[number, new_value]) filter (where event_kind = 'prioritised') over so_far as priority
    from numbered
    window so_far as (partition by ticket_id order by number)
),

described as (
    select
        ticket_id,
        change_number::integer as change_number,
        change_id,
        changed_at,
        event_kind,
        old_value,
        new_value,
        stage[2] as stage_id,
        assignee[2] as user_id,
        team[2] as team_id,
        coalesce(priority[2]::text, 'unknown') as priority_code,
        is_derived
    from carried
    where place > 0
)

select * from described
