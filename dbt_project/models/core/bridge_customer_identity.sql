with identities as (
    select * from {{ ref('int_customer__identity') }}
),

rated as (
    select
        system,
        external_key,
        customer_key,
        method,
        {{ method_confidence('method') }} as confidence,
        known_since
    from identities
)

select * from rated
