{% macro to_the_cent(shares, pool) -%}
    {#-
        `shares` with an amount in whole cents beside each `exact_amount`, by the largest remainder: the
        amounts of a pool (a list of columns) add up to its `pool_amount`, rounded once. Each share bears
        that, because shares that were divided may miss its half cent when they are added. Of equal
        remainders the smaller customer_key gets the cent.
    -#}
    select
        *,
        (
            floor(exact_amount * 100)
            + case when place <= pool_cents - floored_cents then 1 else 0 end
        ) / 100 as amount
    from (
        select
            *,
            round(pool_amount, 2) * 100 as pool_cents,
            sum(floor(exact_amount * 100)) over same_pool as floored_cents,
            row_number() over (
                partition by {{ pool | join(', ') }}
                order by exact_amount * 100 - floor(exact_amount * 100) desc, customer_key
            ) as place
        from {{ shares }}
        window same_pool as (partition by {{ pool | join(', ') }})
    ) as placed
{%- endmacro %}
