with source as (
    select * from {{ source('ops', 'steps') }}
),

renamed as (
    select
        run_id,
        step,
        status,
        attempts,
        started_at,
        ended_at,
        rows_written,
        bytes_written
    from source
)

select * from renamed
