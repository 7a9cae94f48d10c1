with accuracy as (
    select * from {{ ref('prediction_accuracy') }}
),

serving as (
    select * from {{ ref('dim_model') }}
    where is_serving
),

risks as (
    select * from {{ ref('risk_scores') }}
),

detections as (
    select * from {{ ref('anomaly_detections') }}
    where detected_at >= {{ as_of() }} - interval '7 days'
),

insights as (
    select * from {{ ref('insights_feed') }}
),

trends as (
    select * from {{ ref('series_trends') }}
    where is_newest and direction in ('rising', 'falling')
),

alerts as (
    select * from {{ ref('predictive_alerts') }}
    where is_active
)

select
    (select coalesce(sum(predictions), 0)::bigint from accuracy) as total_predictions,
    (select count(*) from serving) as active_models,
    (select round(avg(score), 2) from risks) as average_risk_score,
    (select count(*) from insights) as recent_insights,
    (select count(*) from detections) as anomaly_count,
    (select count(*) from trends) as trends,
    (select count(*) from alerts) as alerts
