{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        indexes=[{'columns': ['ticket_id']}]
    )
}}

with intervals as (
    select * from {{ ref('int_ticket__status_intervals') }}
    where {{ in_tickets_to_rebuild() }}
),

moves as (
    select * from {{ ref('int_ticket__stage_moves') }}
    where {{ in_tickets_to_rebuild() }}
),

messages as (
    select * from {{ ref('int_ticket__messages_typed') }}
    where {{ in_tickets_to_rebuild() }}
),

histories as (
    select
        ticket_id,
        min(changed_at) filter (where event_kind = 'closed') as first_closed_at,
        max(changed_at) filter (where event_kind = 'closed') as last_closed_at,
        min(changed_at) filter (where event_kind = 'reopened') as first_reopened_at,
        count(*) filter (where event_kind = 'reopened') as reopen_count,
        count(*) filter (where event_kind <> 'created' and not is_derived) as stage_changes
    from moves
    group by ticket_id
),

conversations as (
    select
        ticket_id,
        min(sent_at) filter (where is_first_response) as first_response_at,
        count(*) filter (where author_class <> 'bot') as messages,
        count(*) filter (where author_class = 'agent' and is_public) as agent_replies,
        count(distinct agent_user_id) filter (where author_class = 'agent' and is_public) as replying_agents
    from messages
    group by ticket_id
),

milestones as (
    select
        histories.*,
        conversations.first_response_at,
        coalesce(conversations.messages, 0) as messages,
        coalesce(conversations.agent_replies, 0) as agent_replies,
        coalesce(conversations.replying_agents, 0) as replying_agents
    from histories
    left join conversations on histories.ticket_id = conversations.ticket_id
),

-- all milestones cut intervals, so that each clock is a sum of whole ones
summed as (
    select
        milestones.ticket_id,
        coalesce(sum(intervals.business_seconds) filter (where intervals.valid_from < milestones.first_response_at), 0)
            as until_response,
        coalesce(sum(intervals.business_seconds) filter (where intervals.valid_from < milestones.first_closed_at), 0)
            as until_first_closed,
        coalesce(sum(intervals.business_seconds) filter (where intervals.valid_from < milestones.last_closed_at), 0)
            as until_last_closed,
        coalesce(sum(intervals.business_seconds) filter (where intervals.stage_class = 'agent'), 0) as with_agents,
        coalesce(sum(intervals.business_seconds) filter (where intervals.stage_class = 'requester'), 0)
            as with_requester,
        coalesce(sum(intervals.business_seconds) filter (where intervals.stage_class = 'hold'), 0) as on_hold,
        min(intervals.valid_from) as created_at,
        (max(array[intervals.interval_number, (intervals.stage_class = 'closed')::integer]))[2] = 1 as is_closed
    from milestones
    inner join intervals on milestones.ticket_id = intervals.ticket_id
    group by milestones.ticket_id
)

select
    milestones.ticket_id,
    summed.is_closed,
    milestones.first_response_at,
    milestones.first_closed_at,
    milestones.last_closed_at,
    milestones.first_reopened_at,
    milestones.reopen_count,
    milestones.stage_changes,
    milestones.messages,
    milestones.agent_replies,
    greatest(milestones.replying_agents - 1, 0) as handoffs,
    summed.is_closed and milestones.agent_replies = 1 and milestones.reopen_count = 0 as is_one_touch,
    {{ seconds_between('summed.created_at', 'milestones.first_response_at') }} as first_response_seconds,
    case when milestones.first_response_at is not null then round(summed.until_response) end::bigint
        as first_response_business_seconds,
    case when summed.is_closed then {{ seconds_between('summed.created_at', 'milestones.first_closed_at') }} end
        as first_resolution_seconds,
    case when summed.is_closed then round(summed.until_first_closed) end::bigint as first_resolution_business_seconds,
    case when summed.is_closed then {{ seconds_between('summed.created_at', 'milestones.last_closed_at') }} end
        as last_resolution_seconds,
    case when summed.is_closed then round(summed.until_last_closed) end::bigint as last_resolution_business_seconds,
    round(summed.with_agents)::bigint as agent_work_business_seconds,
    round(summed.with_requester)::bigint as requester_wait_business_seconds,
    round(summed.on_hold)::bigint as on_hold_business_seconds
from milestones
inner join summed on milestones.ticket_id = summed.ticket_id
