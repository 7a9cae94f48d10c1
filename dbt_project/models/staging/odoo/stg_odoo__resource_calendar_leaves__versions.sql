with source as (
    select *
    from {{ source('raw_odoo', 'resource_calendar_leaves') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as leave_id,
        calendar_id,
        resource_id,
        company_id,
        time_type,
        date_from as begins_at,
        -- Odoo writes the last second of the last day
        date_trunc('minute', date_to + interval '59.999999 seconds', 'UTC') as ends_at,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
