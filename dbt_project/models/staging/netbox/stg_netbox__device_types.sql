with source as (
    select *
    from {{ source('raw_netbox', 'device_types') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as device_type_id,
        model,
        manufacturer_id,
        u_height,
        -- counted from the first of the month, so that no 30 February fails
        case
            when rest -> 'custom_fields' ->> 'end_of_life' ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
                then
                    (left(rest -> 'custom_fields' ->> 'end_of_life', 7) || '-01')::date
                    + right(rest -> 'custom_fields' ->> 'end_of_life', 2)::integer - 1
        end as end_of_life,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id
    from newest
)

select * from renamed
