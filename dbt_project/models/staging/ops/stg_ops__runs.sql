with source as (
    select * from {{ source('ops', 'runs') }}
),

renamed as (
    select
        run_id,
        job,
        status,
        as_of,
        started_at,
        ended_at,
        -- a run about a moment ends as long after it as the run lasts, whenever the clock saw it
        as_of + (ended_at - coalesce(started_at, ended_at)) as _known_at
    from source
)

select *
from renamed
where _known_at <= {{ as_of() }}
