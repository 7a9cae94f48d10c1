with accuracy as (
    select * from {{ ref('prediction_accuracy') }}
    where horizon = '24 hours'
),

detections as (
    select * from {{ ref('anomaly_detections') }}
),

runs as (
    select * from {{ ref('scoring_runs') }}
    where step = 'anomaly_scores'
),

levels (level) as (
    values ('day'), ('week'), ('month')
),

counted as (
    select
        levels.level,
        date_trunc(levels.level, accuracy.date_day::timestamp)::date as period_start,
        accuracy.model,
        sum(accuracy.predictions)::bigint as device_hours,
        sum(accuracy.predictions - accuracy.not_scored)::bigint as detections,
        sum(accuracy.flagged)::bigint as anomalies,
        sum(accuracy.hits)::bigint as hits,
        sum(accuracy.misses)::bigint as misses,
        sum(accuracy.false_alarms)::bigint as false_alarms
    from accuracy
    cross join levels
    group by levels.level, period_start, accuracy.model
),

confidence as (
    select
        levels.level,
        date_trunc(levels.level, {{ utc_date('detections.detected_at') }}::timestamp)::date as period_start,
        detections.anomaly_type as model,
        percentile_cont(0.5) within group (order by detections.score) as confidence_p50,
        percentile_cont(0.9) within group (order by detections.score) as confidence_p90
    from detections
    cross join levels
    group by levels.level, period_start, detections.anomaly_type
),

processing as (
    select
        levels.level,
        date_trunc(levels.level, {{ utc_date('runs.as_of') }}::timestamp)::date as period_start,
        count(*) as scoring_runs,
        percentile_cont(0.5) within group (order by runs.duration_ms) as processing_p50_ms,
        percentile_cont(0.95) within group (order by runs.duration_ms) as processing_p95_ms
    from runs
    cross join levels
    group by levels.level, period_start
)

select
    counted.level,
    counted.period_start,
    to_char(counted.period_start, 'YYYYMMDD')::integer as date_key,
    counted.model,
    counted.device_hours,
    counted.detections,
    counted.anomalies,
    round(100.0 * counted.anomalies / nullif(counted.detections, 0), 4) as anomaly_rate,
    round(confidence.confidence_p50::numeric, 6) as confidence_p50,
    round(confidence.confidence_p90::numeric, 6) as confidence_p90,
    counted.hits,
    counted.misses,
    counted.false_alarms,
    round(100.0 * counted.false_alarms / nullif(counted.hits + counted.false_alarms, 0), 4) as false_positive_pct,
    coalesce(processing.scoring_runs, 0) as scoring_runs,
    round(processing.processing_p50_ms::numeric)::bigint as processing_p50_ms,
    round(processing.processing_p95_ms::numeric)::bigint as processing_p95_ms
from counted
left join confidence
    on
        counted.level = confidence.level
        and counted.period_start = confidence.period_start
        and counted.model = confidence.model
left join processing
    on
        counted.level = processing.level
        and counted.period_start = processing.period_start
