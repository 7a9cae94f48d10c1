with source as (
    select *
    from {{ source('raw_thehive', 'audit') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        id as audit_id,
        created_at as event_at,
        {{ hash_personal('created_by') }} as actor_hash,
        {{ known_or_unknown('action', ['create', 'update', 'delete', 'merge']) }},
        object_type,
        object_id,
        root_id,
        details,
        _known_at,
        _load_id
    from source
)

select * from renamed
