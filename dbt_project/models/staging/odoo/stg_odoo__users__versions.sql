with source as (
    select *
    from {{ source('raw_odoo', 'users') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as user_id,
        {{ hash_personal('login') }} as login_hash,
        partner_id,
        active as is_active,
        share as is_portal_user,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
