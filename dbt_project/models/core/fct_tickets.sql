{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        is_read_by_day=true,
        dated_by=['{{ ticket_days() }}'],
        told_by=[
            'ticket_key', 'customer_key', 'team_key', 'priority_code', 'is_opened_by_agent', 'is_in_maintenance',
            'is_closed', 'is_reopened_within_30_days', 'first_response_seconds', 'first_response_business_seconds',
            'first_resolution_seconds', 'first_resolution_business_seconds', 'last_resolution_seconds',
            'last_resolution_business_seconds', 'rating_requests', 'ratings', 'good_ratings', 'labour_cost'
        ],
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with tickets as (
    {{ of_tickets_to_rebuild(ref('stg_odoo__tickets')) }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
    where {{ in_tickets_to_rebuild() }}
),

durations as (
    select * from {{ ref('int_ticket__durations') }}
    where {{ in_tickets_to_rebuild() }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

teams as (
    select * from {{ ref('dim_team') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

slas as (
    select * from {{ ref('fct_ticket_sla') }}
    where {{ in_tickets_to_rebuild() }}
),

-- of all tickets: the planner takes the newest ratings for few, and would compare each of them with each ticket
ratings as (
    select * from {{ ref('stg_odoo__ratings') }}
    where record_model = 'helpdesk.ticket'
),

timesheets as (
    select * from {{ ref('fct_timesheets') }}
),

tags as (
    select * from {{ ref('stg_odoo__ticket_tags') }}
),

tag_links as (
    {{ of_tickets_to_rebuild(ref('stg_odoo__ticket_tag_links')) }}
),

ticket_devices as (
    select * from {{ ref('int_ticket__devices') }}
),

maintained as (
    select * from {{ ref('int_ticket__in_maintenance') }}
),

stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

-- one promise broken is a promise broken
ticket_slas as (
    select
        ticket_id,
        case
            when bool_or(state in ('breached', 'overdue')) then 'missed'
            when bool_or(state in ('running', 'at_risk', 'paused')) then 'running'
            when bool_or(state = 'met') then 'met'
            else 'none'
        end as sla_state
    from slas
    group by ticket_id
),

opinions as (
    select
        ticket_id,
        count(*) as rating_requests,
        min(requested_at) as rating_requested_at,
        count(rating) as ratings,
        count(*) filter (where rating >= 4) as good_ratings,
        (array_agg(rating order by answered_at desc, rating_id desc) filter (where rating is not null))[1]
            as last_rating,
        max(answered_at) as rated_at
    from ratings
    group by ticket_id
),

labels as (
    select
        tag_links.ticket_id,
        string_agg(tags.tag_name, ', ' order by tags.tag_name) as tags
    from tag_links
    inner join tags on tag_links.tag_id = tags.tag_id
    group by tag_links.ticket_id
),

described as (
    select
        {{ surrogate_key('odoo.tickets', 'tickets.ticket_id') }} as ticket_key,
        coalesce({{ surrogate_key('odoo.ticket_teams', 'tickets.team_id') }}, -2) as team_key,
        coalesce(customers.time_zone, 'UTC') as time_zone,
        parties.customer_key,
        parties.requester_key,
        parties.opened_by_key,
        parties.is_opened_by_agent,
        coalesce(ticket_devices.device_key, -2) as device_key,
        maintained.ticket_id is not null as is_in_maintenance,
        tickets.*
    from tickets
    inner join parties on tickets.ticket_id = parties.ticket_id
    left join ticket_devices on tickets.ticket_id = ticket_devices.ticket_id
    left join maintained on tickets.ticket_id = maintained.ticket_id
    left join customers on parties.customer_key = customers.customer_key
),

labour as (
    select
        timesheets.ticket_key,
        sum(timesheets.minutes) as minutes,
        sum(timesheets.cost) as cost
    from timesheets
    inner join described on timesheets.ticket_key = described.ticket_key
    group by timesheets.ticket_key
)

select
    described.ticket_key,
    described.ticket_id,
    described.ticket_ref::text as ticket_ref,
    described.customer_key,
    described.requester_key,
    described.opened_by_key,
    described.is_opened_by_agent,
    coalesce({{ surrogate_key('odoo.users', 'described.user_id') }}, -2) as user_key,
    described.team_key,
    coalesce(teams.team_name, 'unknown') as team,
    coalesce({{ surrogate_key('odoo.ticket_categories', 'described.category_id') }}, -2) as ticket_category_key,
    coalesce({{ surrogate_key('odoo.ticket_channels', 'described.channel_id') }}, -2) as channel_key,
    labels.tags,
    described.device_key,
    described.is_in_maintenance,
    described.priority::text as priority_code,
    {{ priority_name('described.priority') }} as priority,
    coalesce(stages.stage_name, 'unknown') as stage,
    durations.is_closed,
    described.created_at,
    {{ date_key('described.created_at') }} as created_date_key,
    {{ local_date('described.created_at', 'described.time_zone') }} as created_on,
    described.assigned_at,
    durations.first_response_at,
    durations.first_closed_at,
    {{ local_date('durations.first_closed_at', 'described.time_zone') }} as first_closed_on,
    durations.last_closed_at,
    {{ local_date('durations.last_closed_at', 'described.time_zone') }} as last_closed_on,
    described.updated_at,
    durations.reopen_count,
    -- hours: a day of a session that knows summer time can have 23 of them
    case
        when durations.first_closed_at + interval '720 hours' <= {{ as_of() }}
            then coalesce(durations.first_reopened_at < durations.first_closed_at + interval '720 hours', false)
    end as is_reopened_within_30_days,
    durations.stage_changes,
    durations.messages,
    durations.agent_replies,
    durations.handoffs,
    durations.is_one_touch,
    coalesce(ticket_slas.sla_state, 'none') as sla_state,
    durations.first_response_seconds,
    durations.first_response_business_seconds,
    durations.first_resolution_seconds,
    durations.first_resolution_business_seconds,
    durations.last_resolution_seconds,
    durations.last_resolution_business_seconds,
    durations.agent_work_business_seconds,
    durations.requester_wait_business_seconds,
    durations.on_hold_business_seconds,
    coalesce(opinions.rating_requests, 0) as rating_requests,
    {{ local_date('opinions.rating_requested_at', 'described.time_zone') }} as rating_requested_on,
    coalesce(opinions.ratings, 0) as ratings,
    coalesce(opinions.good_ratings, 0) as good_ratings,
    opinions.last_rating,
    {{ local_date('opinions.rated_at', 'described.time_zone') }} as rated_on,
    coalesce(labour.minutes, 0)::bigint as labour_minutes,
    coalesce(labour.cost, 0)::numeric(20, 4) as labour_cost,
    described._known_at,
    described._load_id::text as _load_id
from described
inner join durations on described.ticket_id = durations.ticket_id
left join stages on described.stage_id = stages.stage_id
left join teams on described.team_key = teams.team_key
left join ticket_slas on described.ticket_id = ticket_slas.ticket_id
left join opinions on described.ticket_id = opinions.ticket_id
left join labour on described.ticket_key = labour.ticket_key
left join labels on described.ticket_id = labels.ticket_id
