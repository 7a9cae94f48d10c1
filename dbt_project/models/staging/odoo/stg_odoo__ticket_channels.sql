with source as (
    select *
    from {{ source('raw_odoo', 'ticket_channels') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as channel_id,
        {{ translated_name('name') }} as channel_name,
        coalesce(active, true) as is_active,
        create_date as created_at,
        write_date as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
