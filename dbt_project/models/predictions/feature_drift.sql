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
    {{ utc_date('versions.train_end') }} >= drift.week + 7 as is_learned,
    drift.as_of = max(drift.as_of) over (partition by drift.model) as is_newest
from drift
inner join versions
    on
        drift.model = versions.model
        and drift.version = versions.version
