with source as (
    select *
    from {{ source('raw_odoo', 'tickets') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as ticket_id,
        ticket_ref,
        team_id,
        stage_id,
        user_id,
        partner_id,
        create_uid as opened_by_user_id,
        category_id,
        channel_id,
        company_id,
        {{ known_or_unknown('priority', ['0', '1', '2', '3']) }},
        active as is_active,
        kanban_state,
        assign_date as assigned_at,
        close_date as closed_at,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
