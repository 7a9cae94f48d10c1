with members as (
    select * from {{ ref('stg_odoo__ticket_categories') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

all_members as (
    {{ ticket_list_members('members', 'tickets', 'category', 'ticket_categories') }}
)

select
    member_key as ticket_category_key,
    category_id,
    category_name,
    is_active,
    source,
    is_inferred
from all_members
