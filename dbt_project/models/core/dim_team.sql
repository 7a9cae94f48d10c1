with members as (
    select * from {{ ref('stg_odoo__ticket_teams') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets__versions') }}
),

all_members as (
    {{ ticket_list_members('members', 'tickets', 'team', 'ticket_teams') }}
)

select
    all_members.member_key as team_key,
    all_members.team_id,
    all_members.team_name,
    coalesce({{ surrogate_key('odoo.resource_calendars', 'members.calendar_id') }}, -2) as calendar_key,
    all_members.is_active,
    all_members.source,
    all_members.is_inferred
from all_members
left join members on all_members.team_id = members.team_id
