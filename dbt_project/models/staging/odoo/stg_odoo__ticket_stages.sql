with versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

newest as (
    {{ newest_version('versions', 'stage_id') }}
),

living as (
    select
        stage_id,
        stage_name,
        stage_order,
        is_closed_stage,
        is_active,
        created_at,
        updated_at,
        _known_at,
        _load_id
    from newest
    where not is_deleted
)

select * from living
