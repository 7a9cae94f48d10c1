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

tracking_values as (
    select * from {{ ref('stg_odoo__mail_tracking_values') }}
    where record_model = 'helpdesk.ticket' and {{ in_tickets_to_rebuild() }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

-- deleted stages too: the history names them
stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

current_states as (
    select
        tickets.ticket_id,
        tickets.created_at,
        tickets.updated_at,
        tickets.closed_at,
        tickets.stage_id,
        coalesce(stages.is_closed_stage, false) as is_closed
    from tickets
    left join stages on tickets.stage_id = stages.stage_id
),

moves as (
    select
        tracking_values.ticket_id,
        tracking_values.tracking_value_id,
        row_number() over same_ticket as move_number,
        -- a history imported with the ticket cannot begin before it
        greatest(tracking_values.changed_at, current_states.created_at) as changed_at,
        tracking_values.old_value_id as old_stage_id,
        tracking_values.new_value_id as new_stage_id,
        coalesce(old_stages.is_closed_stage, false) as was_closed,
        coalesce(new_stages.is_closed_stage, false) as is_closed
    from tracking_values
    inner join current_states on tracking_values.ticket_id = current_states.ticket_id
    left join stages as old_stages on tracking_values.old_value_id = old_stages.stage_id
    left join stages as new_stages on tracking_values.new_value_id = new_stages.stage_id
    where tracking_values.field_name = 'stage_id'
    window same_ticket as (
        partition by tracking_values.ticket_id
        order by tracking_values.changed_at, tracking_values.tracking_value_id
    )
),

histories as (
    select
        ticket_id,
        max(move_number) as moves,
        min(changed_at) as first_move_at,
        max(changed_at) as last_move_at,
        max(old_stage_id) filter (where move_number = 1) as first_stage_id,
        bool_or(was_closed) filter (where move_number = 1) as was_closed_at_first,
        bool_or(not is_closed) as was_ever_opened
    from moves
    group by ticket_id
),

begun as (
    select
        current_states.*,
        coalesce(histories.moves, 0) as moves,
        histories.first_move_at,
        coalesce(histories.last_move_at, current_states.created_at) as last_move_at,
        case when histories.moves is null then current_states.stage_id else histories.first_stage_id end
            as first_stage_id,
        coalesce(histories.was_closed_at_first, current_states.is_closed) as is_born_closed,
        coalesce(histories.was_ever_opened, false) as was_ever_opened
    from current_states
    left join histories on current_states.ticket_id = histories.ticket_id
),

-- what no tracking tells: the creation, a closing before the first move, a change after the last
steps as (
    select
        ticket_id,
        0 as step_number,
        'created' as change_id,
        created_at as changed_at,
        case when not is_born_closed then first_stage_id end as stage_id,
        false as is_closed,
        false as is_derived
    from begun
    union all
    select
        ticket_id,
        1 as step_number,
        'logged closed' as change_id,
        case
            when was_ever_opened then created_at
            else least(greatest(coalesce(closed_at, created_at), created_at), first_move_at)
        end as changed_at,
        first_stage_id as stage_id,
        true as is_closed,
        true as is_derived
    from begun
    where is_born_closed
    union all
    select
        ticket_id,
        1 + move_number as step_number,
        tracking_value_id::text as change_id,
        changed_at,
        new_stage_id as stage_id,
        is_closed,
        false as is_derived
    from moves
    union all
    select
        ticket_id,
        2 + moves as step_number,
        'present stage' as change_id,
        greatest(last_move_at, case when is_closed then coalesce(closed_at, updated_at) else updated_at end)
            as changed_at,
        stage_id,
        is_closed,
        true as is_derived
    from begun
),

compared as (
    select
        *,
        lag(is_closed) over (partition by ticket_id order by step_number) as was_closed,
        lag(stage_id) over (partition by ticket_id order by step_number) as old_stage_id
    from steps
),

classified as (
    select
        ticket_id,
        step_number,
        change_id,
        changed_at,
        case
            when step_number = 0 then 'created'
            when is_closed and not was_closed then 'closed'
            when was_closed and not is_closed then 'reopened'
            else 'moved'
        end as event_kind,
        old_stage_id,
        stage_id as new_stage_id,
        is_derived
    from compared
)

select * from classified
-- derived steps count only where they close or reopen what the tracking left otherwise
where event_kind <> 'moved' or not is_derived
