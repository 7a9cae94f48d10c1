with user_versions as (
    select * from {{ ref('stg_odoo__users__versions') }}
),

-- deleted users too: the history names them
users as (
    {{ newest_version('user_versions', 'user_id') }}
)

select
    user_id,
    partner_id,
    case
        -- every Odoo keeps this id for OdooBot
        when user_id = 1 then 'bot'
        when is_portal_user then 'portal'
        else 'agent'
    end as user_kind
from users
