with source as (
    select *
    from {{ source('raw_odoo', 'ticket_tags') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as tag_id,
        {{ translated_name('name') }} as tag_name,
        coalesce(active, true) as is_active,
        create_date as created_at,
        write_date as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
