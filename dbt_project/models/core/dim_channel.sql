with members as (
    select * from {{ ref('stg_odoo__ticket_channels') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

all_members as (
    {{ ticket_list_members('members', 'tickets', 'channel', 'ticket_channels') }}
)

select
    member_key as channel_key,
    channel_id,
    channel_name,
    is_active,
    source,
    is_inferred
from all_members
