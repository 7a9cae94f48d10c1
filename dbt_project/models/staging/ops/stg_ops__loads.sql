with source as (
    select *
    from {{ source('ops', 'loads') }}
    where window_end <= {{ as_of() }}
),

renamed as (
    select
        load_id,
        source,
        resource,
        window_start,
        window_end,
        as_of,
        received,
        accepted,
        rejected,
        new,
        changed,
        bytes
    from source
    where finished_at is not null
)

select * from renamed
