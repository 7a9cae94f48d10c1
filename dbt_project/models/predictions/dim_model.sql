with versions as (
    select * from {{ source('predictions', 'model_versions') }}
    where trained_at <= {{ as_of() }}
),

kinds (kind, pattern, horizon, feature_table) as (
    values
    ('anomaly', 'infrastructure\_anomaly', '24 hours', 'features.feat_infra_hourly'),
    ('anomaly', 'network\_anomaly', '24 hours', 'features.feat_network_hourly'),
    ('anomaly', 'security\_anomaly', '24 hours', 'features.feat_security_hourly'),
    ('incident', '%\_incident\_7d', '7 days', 'features.feat_incident_daily'),
    ('forecast', 'capacity\_%', '30 days', 'features.feat_capacity_daily')
),

-- a promotion after the moment has not happened yet
known as (
    select
        versions.*,
        kinds.kind,
        kinds.horizon,
        kinds.feature_table,
        case when versions.champion_from <= {{ as_of() }} then versions.champion_from end as serves_from,
        case when versions.champion_to <= {{ as_of() }} then versions.champion_to end as serves_to,
        case when versions.challenger_from <= {{ as_of() }} then versions.challenger_from end as challenges_from,
        case when versions.challenger_to <= {{ as_of() }} then versions.challenger_to end as challenges_to
    from versions
    left join kinds on versions.model like kinds.pattern
)

select
    {{ surrogate_key('predictions.model_versions', "model || ' ' || version") }} as model_version_key,
    model,
    version,
    kind,
    horizon,
    feature_table,
    params,
    features,
    data_fingerprint,
    code_hash,
    artifact_uri,
    artifact_sha256,
    trained_at,
    train_start,
    train_end,
    learned_until,
    rows as trained_rows,
    seed,
    is_promotable,
    gate_reason,
    serves_from,
    serves_to,
    serves_from is not null and serves_to is null as is_serving,
    challenges_from,
    challenges_to
from known
