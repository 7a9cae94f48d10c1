with source as (
    select *
    from {{ source('raw_netbox', 'object_changes') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as change_id,
        time as changed_at,
        {{ known_or_unknown('action', ['create', 'update', 'delete'], name='change_kind') }},
        changed_object_type as object_type,
        changed_object_id as object_id,
        object_repr as object_name,
        {{ hash_personal('user_name') }} as user_hash,
        request_id,
        prechange_data,
        postchange_data,
        _known_at,
        _load_id
    from source
)

select * from renamed
