with source as (
    select *
    from {{ source('raw_odoo', 'mail_tracking_values') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as tracking_value_id,
        model as record_model,
        res_id as ticket_id,
        field_name,
        old_value_integer as old_value_id,
        new_value_integer as new_value_id,
        -- a selection is tracked by label only; other labels may name a person
        case when field_name = 'priority' then old_value_char end as old_priority_label,
        case when field_name = 'priority' then new_value_char end as new_priority_label,
        message_date as changed_at,
        create_date as created_at,
        _known_at,
        _load_id
    from source
)

select * from renamed
