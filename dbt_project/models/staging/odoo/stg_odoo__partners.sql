with versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

newest as (
    {{ newest_version('versions', 'partner_id') }}
),

living as (
    select
        partner_id,
        company_name,
        person_name_hash,
        email_hash,
        parent_partner_id,
        commercial_partner_id,
        is_company,
        is_active,
        time_zone,
        language,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
