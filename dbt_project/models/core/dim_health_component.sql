with site_weights as (
    select * from {{ ref('site_health_weights') }}
),

customer_weights as (
    select * from {{ ref('customer_health_weights') }}
),

weighted as (
    select
        'site' as score,
        component,
        weight
    from site_weights
    union all
    select
        'customer' as score,
        component,
        weight
    from customer_weights
)

select * from weighted
