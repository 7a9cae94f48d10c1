with members as (
    select * from {{ ref('stg_odoo__ticket_channels') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

-- named by tickets, deleted since or not come yet
named_only as (
    select distinct tickets.channel_id
    from tickets
    left join members on tickets.channel_id = members.channel_id
    where tickets.channel_id is not null and members.channel_id is null
),

all_members as (
    select
        {{ surrogate_key('odoo.ticket_channels', 'channel_id') }} as channel_key,
        channel_id,
        channel_name,
        is_active,
        'odoo' as source,
        false as is_inferred
    from members
    union all
    select
        {{ surrogate_key('odoo.ticket_channels', 'channel_id') }} as channel_key,
        channel_id,
        'Channel ' || channel_id as channel_name,
        false as is_active,
        'odoo' as source,
        true as is_inferred
    from named_only
    union all
    select
        -1 as channel_key,
        null as channel_id,
        'unknown' as channel_name,
        true as is_active,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as channel_key,
        null as channel_id,
        'none' as channel_name,
        true as is_active,
        'none' as source,
        false as is_inferred
)

select * from all_members
