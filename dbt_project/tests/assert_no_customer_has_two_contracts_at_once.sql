with contracts as (
    select * from {{ ref('contracts') }}
),

overlapping as (
    select
        earlier.customer_ref,
        earlier.contract_start,
        later.contract_start as next_start
    from contracts as earlier
    inner join contracts as later
        on
            earlier.customer_ref = later.customer_ref
            and earlier.contract_start < later.contract_start
            and coalesce(earlier.contract_end, 'infinity') >= later.contract_start
)

select * from overlapping
