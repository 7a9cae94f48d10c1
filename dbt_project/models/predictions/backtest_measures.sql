with versions as (
    select * from {{ ref('dim_model') }}
),

measures as (
    select * from {{ source('predictions', 'backtests') }}
)

select
    measures.model,
    measures.version,
    measures.fold,
    measures.slice,
    measures.metric,
    measures.value,
    measures.baseline_value,
    measures.n
from measures
inner join versions
    on
        measures.model = versions.model
        and measures.version = versions.version
