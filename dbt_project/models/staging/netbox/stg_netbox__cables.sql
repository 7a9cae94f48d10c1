with source as (
    select *
    from {{ source('raw_netbox', 'cables') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as cable_id,
        {{ known_or_unknown('status', ['connected', 'planned', 'decommissioning'], name='cable_status') }},
        type as cable_type,
        label as cable_label,
        length as cable_length,
        length_unit as cable_length_unit,
        tenant_id,
        a_terminations,
        b_terminations,
        created as created_at,
        last_updated as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
