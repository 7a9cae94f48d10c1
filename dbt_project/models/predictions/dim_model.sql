with versions as (
    select * from {{ source('predictions', 'model_versions') }}
    where trained_at <= {{ as_of() }}
),

-- a promotion after the moment has not happened yet
known as (
    select
        *,
        case when champion_from <= {{ as_of() }} then champion_from end as serves_from,
        case when champion_to <= {{ as_of() }} then champion_to end as serves_to
    from versions
)

select
    {{ surrogate_key('predictions.model_versions', 'model', 'version') }} as model_version_key,
    model,
    version,
    case
        when model like 'capacity%' then 'forecast'
        when model = 'device_incident_7d' then 'incident'
        else 'anomaly'
    end as kind,
    case
        when model like 'capacity%' then '30 days'
        when model = 'device_incident_7d' then '7 days'
        else '24 hours'
    end as horizon,
    case
        when model like 'capacity%' then 'features.feat_capacity_daily'
        when model = 'device_incident_7d' then 'features.feat_incident_daily'
        else 'features.feat_infra_hourly'
    end as feature_table,
    params,
    features,
    data_fingerprint,
    code_hash,
    artifact_uri,
    artifact_sha256,
    trained_at,
    train_start,
    train_end,
    rows as trained_rows,
    seed,
    is_promotable,
    gate_reason,
    serves_from,
    serves_to,
    serves_from is not null and serves_to is null as is_serving
from known
