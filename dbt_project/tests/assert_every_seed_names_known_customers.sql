-- a warning: rows for customers that are still to come, or that are misspelt, change nothing
{{ config(severity='warn') }}

with contracts as (
    select * from {{ ref('contracts') }}
),

customer_map as (
    select * from {{ ref('customer_map') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

named as (
    select
        'contracts' as seed,
        customer_ref
    from contracts
    union
    select
        'customer_map' as seed,
        customer_ref
    from customer_map
),

unknown_customers as (
    select named.*
    from named
    left join customers on named.customer_ref = customers.customer_ref
    where customers.customer_ref is null
)

select * from unknown_customers
