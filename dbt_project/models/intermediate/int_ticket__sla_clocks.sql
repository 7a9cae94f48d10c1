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

tickets as (
    {{ of_tickets_to_rebuild(ref('stg_odoo__tickets')) }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
    where {{ in_tickets_to_rebuild() }}
),

messages as (
    select * from {{ ref('int_ticket__messages_typed') }}
    where {{ in_tickets_to_rebuild() }}
),

stages as (
    select * from {{ ref('stg_odoo__ticket_stages') }}
),

policies as (
    select * from {{ ref('int_sla__policies') }}
),

sla_states as (
    select
        *,
        {{ surrogate_key('odoo.sla_policies', 'sla_id') }} as sla_policy_key
    from {{ ref('stg_odoo__sla_status') }}
    where {{ in_tickets_to_rebuild() }}
),

compared as (
    select
        *,
        coalesce(
            team_id is distinct from lag(team_id) over same_ticket
            or priority_code is distinct from lag(priority_code) over same_ticket, true
        ) as begins_term
    from intervals
    where stage_class <> 'closed'
    window same_ticket as (partition by ticket_id order by interval_number)
),

-- while a ticket is closed no clock runs; a term is open time under one team and priority
open_intervals as (
    select
        *,
        count(*) filter (where begins_term) over (partition by ticket_id order by interval_number) as term_number
    from compared
),

terms as (
    select
        ticket_id,
        term_number,
        min(valid_from) as applied_at,
        min(team_id) as team_id,
        min(priority_code) as priority_code,
        lead(min(valid_from)) over (partition by ticket_id order by term_number) as next_applied_at
    from open_intervals
    group by ticket_id, term_number
),

milestones as (
    select
        tickets.ticket_id,
        tickets.created_at,
        tickets.is_active,
        ends.is_closed,
        -- a ticket reopened and closed in one moment leaves no interval of that, but was closed then
        case when ends.is_closed then closings.last_closed_at else ends.open_until end as open_until,
        responses.sent_at as first_response_at
    from tickets
    inner join (
        select
            ticket_id,
            max(valid_to) filter (where stage_class <> 'closed') as open_until,
            (max(array[interval_number, (stage_class = 'closed')::integer]))[2] = 1 as is_closed
        from intervals
        group by ticket_id
    ) as ends on tickets.ticket_id = ends.ticket_id
    left join (
        select
            ticket_id,
            max(changed_at) as last_closed_at
        from moves
        where event_kind = 'closed'
        group by ticket_id
    ) as closings on tickets.ticket_id = closings.ticket_id
    left join messages as responses on tickets.ticket_id = responses.ticket_id and responses.is_first_response
),

reached_stages as (
    select
        intervals.ticket_id,
        orders.target_stage_order,
        min(intervals.valid_from) as reached_at
    from intervals
    inner join stages on intervals.stage_id = stages.stage_id
    inner join (select distinct target_stage_order from policies) as orders
        on stages.stage_order >= orders.target_stage_order
    group by intervals.ticket_id, orders.target_stage_order
),

-- a promise already kept or lost before a term began is not made again in it
candidates as (
    select
        terms.ticket_id,
        terms.term_number,
        terms.applied_at,
        terms.team_id,
        terms.priority_code,
        policies.sla_policy_key,
        policies.sla_policy_version_key,
        policies.metric,
        case policies.metric
            when 'first_response' then milestones.first_response_at
            when 'stage_reached' then reached_stages.reached_at
            else case when milestones.is_closed then milestones.open_until end
        end as metric_at
    from terms
    inner join milestones on terms.ticket_id = milestones.ticket_id
    inner join parties on terms.ticket_id = parties.ticket_id
    -- materialised, so that the planner counts one policy for a term at least: taken for a join, hardly any
    -- would seem to fit, and all that follows would be gone through once for every clock
    cross join
        lateral (
            with fitting as materialized (
                select policies.*
                from policies
                where
                    policies.is_active
                    and terms.applied_at >= policies.valid_from
                    and terms.applied_at < policies.valid_to
                    and (policies.team_id is null or terms.team_id = policies.team_id)
                    and (policies.priority_code is null or terms.priority_code = policies.priority_code)
            )

            select * from fitting
        ) as policies
    left join reached_stages
        on
            terms.ticket_id = reached_stages.ticket_id
            and policies.target_stage_order = reached_stages.target_stage_order
    left join sla_states
        on terms.ticket_id = sla_states.ticket_id and policies.sla_policy_key = sla_states.sla_policy_key
    where
        not (policies.metric = 'first_response' and parties.is_opened_by_agent)
        -- which policies hold now, Odoo says itself
        and (policies.source <> 'odoo' or terms.next_applied_at is not null or sla_states.ticket_id is not null)
),

-- terms that follow each other under one policy are one clock, judged by the version that began it
grouped as (
    select
        *,
        term_number - row_number() over (partition by ticket_id, sla_policy_key order by term_number) as run
    from candidates
    where term_number = 1 or metric_at is null or applied_at < metric_at
),

clocks as (
    select
        ticket_id,
        sla_policy_key,
        (array_agg(sla_policy_version_key order by term_number))[1] as sla_policy_version_key,
        metric,
        min(term_number) as first_term,
        max(term_number) as last_term,
        (array_agg(team_id order by term_number desc))[1] as team_id,
        (array_agg(priority_code order by term_number desc))[1] as priority_code,
        min(applied_at) as applied_at,
        min(metric_at) as metric_at
    from grouped
    group by ticket_id, sla_policy_key, metric, run
),

followers as (
    select distinct
        ticket_id,
        metric,
        first_term
    from clocks
),

timed as (
    select
        clocks.ticket_id,
        clocks.sla_policy_key,
        clocks.sla_policy_version_key,
        clocks.metric,
        clocks.team_id,
        clocks.priority_code,
        policies.target_seconds,
        clocks.applied_at,
        case when policies.clock_starts = 'creation' then milestones.created_at else clocks.applied_at end as starts_at,
        case when clocks.metric_at <= coalesce(terms.next_applied_at, 'infinity') then clocks.metric_at end
            as finished_at,
        terms.next_applied_at,
        followers.ticket_id is not null as is_superseded,
        terms.next_applied_at is null and milestones.is_active and not milestones.is_closed as may_go_on,
        milestones.open_until
    from clocks
    inner join milestones on clocks.ticket_id = milestones.ticket_id
    inner join policies on clocks.sla_policy_version_key = policies.sla_policy_version_key
    inner join terms on clocks.ticket_id = terms.ticket_id and clocks.last_term = terms.term_number
    left join followers
        on
            clocks.ticket_id = followers.ticket_id
            and clocks.metric = followers.metric
            and clocks.last_term + 1 = followers.first_term
)

select
    timed.ticket_id,
    timed.sla_policy_key,
    timed.sla_policy_version_key,
    timed.metric,
    timed.team_id,
    timed.priority_code,
    timed.target_seconds,
    timed.applied_at,
    timed.starts_at,
    timed.finished_at,
    coalesce(
        least(timed.finished_at, timed.next_applied_at),
        case when timed.may_go_on then 'infinity'::timestamptz else timed.open_until end
    ) as ends_at,
    timed.finished_at is null and timed.is_superseded as is_superseded,
    timed.finished_at is null and timed.may_go_on as is_running,
    sla_states.reached_at is not null as is_reported_met
from timed
left join sla_states
    on timed.ticket_id = sla_states.ticket_id and timed.sla_policy_key = sla_states.sla_policy_key
-- a policy without a target says nothing by itself
where timed.target_seconds is not null or sla_states.ticket_id is not null
