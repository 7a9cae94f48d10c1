with runs as (
    select * from {{ source('ops', 'runs') }}
    where as_of <= {{ as_of() }}
),

steps as (
    select * from {{ source('ops', 'steps') }}
    where step in ('anomaly_scores', 'incident_scores', 'capacity_forecasts')
)

select
    steps.run_id,
    steps.step,
    {{ date_key('runs.as_of') }} as date_key,
    runs.as_of,
    steps.status,
    steps.started_at,
    steps.ended_at,
    round(1000 * {{ exact_seconds('steps.started_at', 'steps.ended_at') }})::bigint as duration_ms
from steps
inner join runs on steps.run_id = runs.run_id
