with source as (
    select *
    from {{ source('raw_odoo', 'resource_calendar_attendances') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as attendance_id,
        calendar_id,
        resource_id,
        -- 1 is Monday, as in ISO 8601
        dayofweek::integer + 1 as iso_weekday,
        round(hour_from::numeric * 3600)::integer as from_second,
        round(hour_to::numeric * 3600)::integer as to_second,
        -- in a calendar of two weeks: 0 even, 1 odd, counted from the first Monday of year 1
        nullif(week_type, '')::integer as week_parity,
        nullif(date_from, '')::date as first_day,
        nullif(date_to, '')::date as last_day,
        coalesce(day_period, '') <> 'lunch' and coalesce(display_type, '') = '' as is_work,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
