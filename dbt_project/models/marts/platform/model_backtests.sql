with measured as (
    select * from {{ ref('backtest_measures') }}
),

versions as (
    select * from {{ ref('dim_model') }}
)

select
    versions.model_version_key,
    measured.model,
    measured.version,
    versions.trained_at,
    versions.is_serving,
    measured.fold,
    measured.slice,
    measured.metric,
    measured.value,
    measured.baseline_value,
    measured.n,
    case
        when measured.metric like 'coverage\_%'
            then
                abs(measured.value - right(measured.metric, 2)::integer / 100.0)
                < abs(measured.baseline_value - right(measured.metric, 2)::integer / 100.0)
        when measured.metric in ('mase', 'wape', 'width', 'ece', 'alerts_per_device_week')
            then measured.value < measured.baseline_value
        else measured.value > measured.baseline_value
    end as is_better_than_naive
from measured
inner join versions
    on
        measured.model = versions.model
        and measured.version = versions.version
