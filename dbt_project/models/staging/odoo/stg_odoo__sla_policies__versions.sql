with source as (
    select *
    from {{ source('raw_odoo', 'sla_policies') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as sla_policy_id,
        {{ translated_name('name') }} as sla_policy_name,
        team_id,
        stage_id,
        priority as priority_code,
        -- Enterprise says hours of work in time, OCA days and hours; a working day counts eight
        case
            when time > 0 then round(time::numeric * 3600)
            when days > 0 or hours > 0 then round((coalesce(days, 0) * 8 + coalesce(hours, 0))::numeric * 3600)
        end::bigint as target_seconds,
        coalesce(active, true) as is_active,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
