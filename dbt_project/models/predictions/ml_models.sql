with versions as (
    select * from {{ ref('dim_model') }}
),

-- what the gate compares
gated (kind, metric, slice) as (
    values
    ('anomaly', 'pr_auc', 'injected'),
    ('incident', 'pr_auc', 'all'),
    ('forecast', 'mase', 'all')
),

measures as (
    select
        *,
        dense_rank() over (partition by model, version order by fold desc) as newest
    from {{ ref('backtest_measures') }}
),

measured as (
    select
        versions.model_version_key,
        gated.metric,
        round(avg(measures.value)::numeric, 4) as value,
        round(avg(measures.baseline_value)::numeric, 4) as baseline_value
    from versions
    inner join gated on versions.kind = gated.kind
    left join measures
        on
            versions.model = measures.model
            and versions.version = measures.version
            and gated.metric = measures.metric
            and gated.slice = measures.slice
            and measures.newest <= 2
    group by versions.model_version_key, gated.metric
)

select
    versions.model_version_key as id,
    versions.model as name,
    versions.kind as model_type,
    versions.version,
    versions.kind || ' model, ' || versions.horizon || ' ahead, over ' || versions.feature_table as description,
    versions.artifact_uri as model_path,
    jsonb_build_object(
        'hyperparameters', versions.params,
        'features', versions.features,
        'training_size', versions.trained_rows,
        'seed', versions.seed,
        'code_hash', versions.code_hash,
        'artifact_sha256', versions.artifact_sha256,
        'gate', versions.gate_reason,
        'metric', measured.metric,
        'naive', measured.baseline_value
    ) as model_metadata,
    versions.is_serving as is_active,
    measured.value as accuracy,
    versions.train_end as last_trained,
    versions.trained_at as created_at,
    greatest(versions.trained_at, versions.serves_from, versions.serves_to) as updated_at
from versions
left join measured on versions.model_version_key = measured.model_version_key
