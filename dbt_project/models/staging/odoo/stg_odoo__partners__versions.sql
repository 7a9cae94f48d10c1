with source as (
    select *
    from {{ source('raw_odoo', 'partners') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as partner_id,
        case when is_company then name end as company_name,
        case when not is_company then {{ hash_personal('name') }} end as person_name_hash,
        {{ hash_personal('email_normalized') }} as email_hash,
        parent_id as parent_partner_id,
        commercial_partner_id,
        coalesce(is_company, false) as is_company,
        active as is_active,
        nullif(trim(ref), '') as customer_ref,
        country_code,
        user_id as account_manager_id,
        tz as time_zone,
        lang as language,
        create_date as created_at,
        write_date as updated_at,
        _deleted_at is not null as is_deleted,
        _known_at,
        _load_id,
        _row_hash
    from source
)

select * from renamed
