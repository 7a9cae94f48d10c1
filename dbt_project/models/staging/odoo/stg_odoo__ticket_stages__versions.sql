with source as (
    select *
    from {{ source('raw_odoo', 'ticket_stages') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as stage_id,
        {{ translated_name('name') }} as stage_name,
        sequence as stage_order,
        coalesce(closed, fold, false) as is_closed_stage,
        active as is_active,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
