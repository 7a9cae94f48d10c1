with versions as (
    select * from {{ ref('stg_odoo__users__versions') }}
),

newest as (
    {{ newest_version('versions', 'user_id') }}
),

living as (
    select
        user_id,
        login_hash,
        partner_id,
        is_active,
        is_portal_user,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
