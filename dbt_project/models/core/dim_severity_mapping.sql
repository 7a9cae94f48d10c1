with mapped as (
    select * from {{ ref('severity_map') }}
),

named as (
    select
        source,
        source_value,
        severity_key,
        {{ severity_name('severity_key') }} as severity
    from mapped
)

select * from named
