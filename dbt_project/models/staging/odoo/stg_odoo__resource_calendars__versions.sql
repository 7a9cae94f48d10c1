with source as (
    select *
    from {{ source('raw_odoo', 'resource_calendars') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as calendar_id,
        name as calendar_name,
        tz as time_zone,
        company_id,
        coalesce(two_weeks_calendar, false) as is_two_weeks,
        coalesce(active, true) as is_active,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
