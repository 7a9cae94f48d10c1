with source as (
    select *
    from {{ source('raw_odoo', 'sla_status') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as sla_status_id,
        ticket_id,
        sla_id,
        deadline as due_at,
        reached_datetime as reached_at,
        exceeded_hours,
        create_date as created_at,
        write_date as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
