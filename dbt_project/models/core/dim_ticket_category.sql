with members as (
    select * from {{ ref('stg_odoo__ticket_categories') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

-- named by tickets, deleted since or not come yet
named_only as (
    select distinct tickets.category_id
    from tickets
    left join members on tickets.category_id = members.category_id
    where tickets.category_id is not null and members.category_id is null
),

all_members as (
    select
        {{ surrogate_key('odoo.ticket_categories', 'category_id') }} as ticket_category_key,
        category_id,
        category_name,
        is_active,
        'odoo' as source,
        false as is_inferred
    from members
    union all
    select
        {{ surrogate_key('odoo.ticket_categories', 'category_id') }} as ticket_category_key,
        category_id,
        'Category ' || category_id as category_name,
        false as is_active,
        'odoo' as source,
        true as is_inferred
    from named_only
    union all
    select
        -1 as ticket_category_key,
        null as category_id,
        'unknown' as category_name,
        true as is_active,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as ticket_category_key,
        null as category_id,
        'none' as category_name,
        true as is_active,
        'none' as source,
        false as is_inferred
)

select * from all_members
