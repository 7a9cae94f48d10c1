with versions as (
    select * from {{ ref('dim_model') }}
)

select
    feature_table as data_type,
    features,
    case kind
        when 'incident' then 'is_incident'
        when 'forecast' then 'y'
    end as target,
    jsonb_build_object(
        'model', model,
        'version', version,
        'rows', trained_rows,
        'from', train_start,
        'to', train_end,
        'fingerprint', data_fingerprint
    ) as metadata
from versions
