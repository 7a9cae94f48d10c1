with source as (
    select *
    from {{ source('raw_odoo', 'ticket_tag_links') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'ticket_id, tag_id') }}
),

renamed as (
    select
        ticket_id,
        tag_id,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
