with rules as (
    select * from {{ ref('incident_type_rules') }}
),

types as (
    select
        incident_type,
        min(precedence) as first_precedence,
        count(*) as rules
    from rules
    group by incident_type
),

keyed as (
    select
        {{ incident_type_key('incident_type') }} as incident_type_key,
        incident_type,
        first_precedence,
        rules
    from types
)

select * from keyed
