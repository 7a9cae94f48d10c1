with source as (
    select *
    from {{ source('raw_netbox', 'manufacturers') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as manufacturer_id,
        name as manufacturer_name,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id
    from newest
)

select * from renamed
