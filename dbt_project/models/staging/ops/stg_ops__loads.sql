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
        received,
        accepted,
        rejected
    from source
    where finished_at is not null
)

select * from renamed
