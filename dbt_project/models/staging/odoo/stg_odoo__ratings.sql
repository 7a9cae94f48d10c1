with source as (
    select *
    from {{ source('raw_odoo', 'ratings') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as rating_id,
        res_model as record_model,
        res_id as ticket_id,
        case when consumed and rating >= 1 then rating end as rating,
        create_date as requested_at,
        -- an answer is written over its request
        case when consumed and rating >= 1 then write_date end as answered_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
