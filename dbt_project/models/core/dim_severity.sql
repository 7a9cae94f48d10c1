with scale as (
    select generate_series(-2, 4) as severity_key
),

named as (
    select
        severity_key,
        {{ severity_name('severity_key') }} as severity
    from scale
)

select * from named
