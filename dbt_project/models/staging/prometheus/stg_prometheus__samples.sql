with source as (
    select *
    from {{ source('raw_prometheus', 'samples') }}
    where _known_at <= {{ as_of() }}
),

renamed as (
    select
        at as sampled_at,
        metric,
        labels_hash,
        labels ->> 'instance' as instance,
        labels ->> 'job' as job,
        labels,
        value,
        quality,
        _known_at,
        _load_id::text as _load_id
    from source
)

select * from renamed
