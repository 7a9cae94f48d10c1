with source as (
    select *
    from {{ source('raw_odoo', 'ticket_teams') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as team_id,
        {{ translated_name('name') }} as team_name,
        company_id,
        resource_calendar_id as calendar_id,
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
