with source as (
    select *
    from {{ source('raw_odoo', 'tickets') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as ticket_id,
        name as subject,
        coalesce(commercial_partner_id, partner_id) as partner_id
    from newest
    where _deleted_at is null
)

select * from renamed
