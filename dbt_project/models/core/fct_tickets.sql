with tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

events as (
    select * from {{ ref('fct_ticket_events') }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

teams as (
    select * from {{ ref('stg_odoo__ticket_teams') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

sla_states as (
    select * from {{ ref('stg_odoo__sla_status') }}
),

stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
),

histories as (
    select
        ticket_id,
        min(event_at) filter (where event_kind = 'closed') as first_closed_at,
        max(event_at) filter (where event_kind = 'closed') as last_closed_at,
        count(*) filter (where event_kind = 'reopened') as reopen_count,
        count(*) filter (where event_kind <> 'created' and not is_derived) as stage_changes
    from events
    group by ticket_id
),

described as (
    select
        tickets.ticket_id,
        tickets.ticket_ref,
        tickets.priority,
        tickets.created_at,
        tickets.updated_at,
        tickets.assigned_at,
        coalesce(stages.is_closed_stage, false) as is_closed,
        coalesce(stages.stage_name, 'unknown') as stage,
        coalesce({{ surrogate_key('odoo.ticket_teams', 'tickets.team_id') }}, -2) as team_key,
        case when tickets.team_id is null then 'none' else coalesce(teams.team_name, 'unknown') end as team,
        coalesce({{ surrogate_key('odoo.users', 'tickets.user_id') }}, -2) as user_key,
        coalesce(
            {{ surrogate_key('odoo.partners', 'coalesce(partners.commercial_partner_id, tickets.partner_id)') }}, -1
        ) as customer_key,
        histories.first_closed_at,
        histories.last_closed_at,
        histories.reopen_count,
        histories.stage_changes,
        tickets._known_at,
        tickets._load_id
    from tickets
    inner join histories on tickets.ticket_id = histories.ticket_id
    left join stages on tickets.stage_id = stages.stage_id
    left join teams on tickets.team_id = teams.team_id
    left join partners on tickets.partner_id = partners.partner_id
),

-- with a deadline the times decide; without one, reaching it or closing without it does
judged_slas as (
    select
        sla_states.ticket_id,
        case
            when sla_states.reached_at <= sla_states.due_at then 'met'
            when sla_states.reached_at > sla_states.due_at then 'missed'
            when sla_states.due_at < {{ as_of() }} then 'missed'
            when sla_states.due_at is not null then 'running'
            when sla_states.reached_at is not null then 'met'
            when described.is_closed then 'missed'
            else 'running'
        end as sla_state
    from sla_states
    inner join described on sla_states.ticket_id = described.ticket_id
),

ticket_slas as (
    select
        ticket_id,
        case
            when bool_or(sla_state = 'missed') then 'missed'
            when bool_or(sla_state = 'running') then 'running'
            else 'met'
        end as sla_state
    from judged_slas
    group by ticket_id
),

clocked as (
    select
        {{ surrogate_key('odoo.tickets', 'described.ticket_id') }} as ticket_key,
        described.ticket_id,
        described.ticket_ref,
        described.customer_key,
        described.user_key,
        described.team_key,
        described.team,
        described.priority as priority_code,
        case described.priority
            when '0' then 'low' when '1' then 'medium' when '2' then 'high' when '3' then 'urgent' else 'unknown'
        end as priority,
        described.stage,
        described.is_closed,
        described.created_at,
        {{ date_key('described.created_at') }} as created_date_key,
        described.assigned_at,
        described.first_closed_at,
        described.last_closed_at,
        described.updated_at,
        described.reopen_count,
        described.stage_changes,
        coalesce(ticket_slas.sla_state, 'none') as sla_state,
        case
            when described.is_closed then {{ seconds_between('described.created_at', 'described.first_closed_at') }}
        end as first_resolution_seconds,
        case
            when described.is_closed then {{ seconds_between('described.created_at', 'described.last_closed_at') }}
        end as last_resolution_seconds,
        described._known_at,
        described._load_id
    from described
    left join ticket_slas on described.ticket_id = ticket_slas.ticket_id
)

select * from clocked
