with source as (
    select *
    from {{ source('raw_odoo', 'mail_messages') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as message_id,
        model as record_model,
        res_id as ticket_id,
        date as sent_at,
        message_type,
        author_id as author_partner_id,
        coalesce(is_internal, false) or coalesce(is_internal_subtype, false) as is_internal,
        create_date as created_at,
        _known_at,
        _load_id
    from source
)

select * from renamed
