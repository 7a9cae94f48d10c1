with members as (
    select * from {{ ref('stg_odoo__ticket_teams') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets__versions') }}
),

-- named by tickets, deleted since or not come yet
named_only as (
    select distinct tickets.team_id
    from tickets
    left join members on tickets.team_id = members.team_id
    where tickets.team_id is not null and members.team_id is null
),

all_members as (
    select
        {{ surrogate_key('odoo.ticket_teams', 'team_id') }} as team_key,
        team_id,
        team_name,
        coalesce({{ surrogate_key('odoo.resource_calendars', 'calendar_id') }}, -2) as calendar_key,
        is_active,
        'odoo' as source,
        false as is_inferred
    from members
    union all
    select
        {{ surrogate_key('odoo.ticket_teams', 'team_id') }} as team_key,
        team_id,
        'Team ' || team_id as team_name,
        -2 as calendar_key,
        false as is_active,
        'odoo' as source,
        true as is_inferred
    from named_only
    union all
    select
        -1 as team_key,
        null as team_id,
        'unknown' as team_name,
        -2 as calendar_key,
        true as is_active,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as team_key,
        null as team_id,
        'none' as team_name,
        -2 as calendar_key,
        true as is_active,
        'none' as source,
        false as is_inferred
)

select * from all_members
