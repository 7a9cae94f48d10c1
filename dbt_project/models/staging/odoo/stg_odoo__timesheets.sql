with source as (
    select *
    from {{ source('raw_odoo', 'timesheets') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as timesheet_id,
        date::date as worked_on,
        round(unit_amount::numeric * 60)::bigint as minutes,
        ticket_id,
        project_id,
        user_id,
        partner_id,
        create_date as created_at,
        write_date as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null and project_id is not null
)

select * from renamed
