-- money and targets of one day must be one
with rate_card as (
    select * from {{ ref('rate_card') }}
),

sla_policies as (
    select * from {{ ref('sla_policies') }}
),

dated as (
    select
        'rate_card ' || rate as name,
        valid_from,
        valid_to
    from rate_card
    union all
    select
        'sla_policies ' || policy as name,
        valid_from,
        valid_to
    from sla_policies
),

compared as (
    select
        *,
        lead(valid_from) over (partition by name order by valid_from) as next_valid_from
    from dated
)

select * from compared
where next_valid_from <= coalesce(valid_to, '9999-12-31')
