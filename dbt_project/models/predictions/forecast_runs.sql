-- a table of many runs is not read for its few first days: each day is looked up in the index
with bounds as (
    select
        min(first_day)::timestamp as oldest,
        max(first_day)::timestamp as newest
    from {{ source('predictions', 'forecasts') }}
)

select day.start::date as first_day
from bounds
cross join generate_series(bounds.oldest, bounds.newest, interval '1 day') as day (start)
where
    exists (
        select from {{ source('predictions', 'forecasts') }} as forecasts
        where forecasts.first_day = day.start::date and forecasts.as_of <= {{ as_of() }}
    )
