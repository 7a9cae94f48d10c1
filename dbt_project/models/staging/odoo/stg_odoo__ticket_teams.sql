with versions as (
    select * from {{ ref('stg_odoo__ticket_teams__versions') }}
),

newest as (
    {{ newest_version('versions', 'team_id') }}
),

living as (
    select
        team_id,
        team_name,
        company_id,
        calendar_id,
        is_active,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
