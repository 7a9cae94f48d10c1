with trends as (
    select * from {{ source('predictions', 'trend_analyses') }}
    where as_of <= {{ as_of() }}
)

select
    until,
    metric,
    entity_kind,
    entity_key,
    customer_key,
    as_of,
    first_week,
    newest_value,
    n,
    autocorrelation,
    s,
    tau,
    p_value,
    q_value,
    slope,
    slope_lower,
    slope_upper,
    direction,
    not_tested_reason,
    until = (select max(newest.until) from trends as newest) as is_newest
from trends
