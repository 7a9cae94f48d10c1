with drift as (
    select * from {{ source('predictions', 'drift') }}
    where as_of <= {{ as_of() }}
),

versions as (
    select * from {{ ref('dim_model') }}
)

select
    drift.model,
    drift.version,
    drift.week,
    drift.feature,
    drift.as_of,
    drift.psi,
    drift.p_value,
    drift.q_value,
    drift.n,
    drift.n_reference,
    drift.verdict,
    versions.serves_from,
    dense_rank() over (
        partition by drift.model order by drift.as_of desc, versions.serves_from desc nulls last, drift.version asc
    ) = 1 as is_newest
from drift
inner join versions
    on
        drift.model = versions.model
        and drift.version = versions.version
