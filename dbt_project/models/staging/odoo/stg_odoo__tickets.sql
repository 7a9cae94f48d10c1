with versions as (
    select * from {{ ref('stg_odoo__tickets__versions') }}
),

newest as (
    {{ newest_version('versions', 'ticket_id') }}
),

living as (
    select
        ticket_id,
        ticket_ref,
        team_id,
        stage_id,
        user_id,
        partner_id,
        opened_by_user_id,
        category_id,
        channel_id,
        company_id,
        priority,
        priority_original,
        is_active,
        kanban_state,
        assigned_at,
        closed_at,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
