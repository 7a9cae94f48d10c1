with rejected as (
    select * from {{ ref('stg_quarantine__rejected_rows') }}
)

select
    {{ surrogate_key('quarantine.rejected_rows', ['source', 'resource', 'payload_hash']) }} as rejected_row_key,
    {{ date_key('opened_at') }} as date_key,
    {{ date_key('closed_at') }} as closed_date_key,
    source,
    resource,
    coalesce(field, '') as field,
    reason,
    status,
    opened_at,
    closed_at
from rejected
