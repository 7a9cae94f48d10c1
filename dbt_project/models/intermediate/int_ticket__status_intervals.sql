{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook='{{ forget_tickets_to_rebuild() }}',
        indexes=[{'columns': ['ticket_id', 'valid_from']}]
    )
}}

with changes as (
    select * from {{ ref('int_ticket__changes') }}
    where {{ in_tickets_to_rebuild() }}
),

messages as (
    select * from {{ ref('int_ticket__messages_typed') }}
    where {{ in_tickets_to_rebuild() }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

stage_classes as (
    select * from {{ ref('ticket_stages') }}
),

calendars as (
    select * from {{ ref('int_calendar__assignments') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
    where {{ in_tickets_to_rebuild() }}
),

newest_stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

stages as (
    select
        newest_stages.stage_id,
        case
            when newest_stages.is_closed_stage then 'closed' else coalesce(stage_classes.stage_class, 'agent')
        end as stage_class,
        not newest_stages.is_closed_stage and coalesce(stage_classes.pauses_sla, false) as is_paused
    from newest_stages
    left join stage_classes on lower(newest_stages.stage_name) = lower(stage_classes.stage)
),

-- of changes at one moment the last counts, except that the creation is always seen
settled as (
    select distinct on (ticket_id, changed_at, event_kind = 'created') *
    from changes
    order by ticket_id asc, changed_at asc, event_kind = 'created' asc, change_number desc
),

-- what is over takes no more time, so that a closed ticket stays as it is
states as (
    select
        settled.ticket_id,
        settled.change_number,
        settled.changed_at as valid_from,
        coalesce(
            lead(settled.changed_at) over (partition by settled.ticket_id order by settled.change_number),
            case when stages.stage_class = 'closed' then settled.changed_at end,
            greatest({{ as_of() }}, settled.changed_at)
        ) as valid_to,
        settled.stage_id,
        coalesce(stages.stage_class, 'agent') as stage_class,
        coalesce(stages.is_paused, false) as is_paused,
        settled.user_id,
        settled.team_id,
        settled.priority_code
    from settled
    left join stages on settled.stage_id = stages.stage_id
),

-- moments at which nothing changes about the ticket, but its clocks must be read
cuts as (
    select
        ticket_id,
        null::bigint as team_id,
        sent_at as cut_at
    from messages
    where is_first_response
    union
    select
        parties.ticket_id,
        null as team_id,
        unnest(array[calendars.valid_from, calendars.valid_to]) as cut_at
    from parties
    inner join calendars on calendars.owner_kind = 'customer' and parties.customer_key = calendars.owner_id
    union
    select
        states.ticket_id,
        states.team_id,
        unnest(array[calendars.valid_from, calendars.valid_to]) as cut_at
    from states
    inner join calendars on calendars.owner_kind = 'team' and states.team_id = calendars.owner_id
),

pieces as (
    select
        ticket_id,
        change_number,
        valid_from
    from states
    union
    select
        states.ticket_id,
        states.change_number,
        cuts.cut_at as valid_from
    from states
    inner join cuts
        on
            states.ticket_id = cuts.ticket_id
            and states.valid_from < cuts.cut_at
            and states.valid_to > cuts.cut_at
            and (cuts.team_id is null or states.team_id = cuts.team_id)
),

cut_states as (
    select
        states.ticket_id,
        states.change_number,
        pieces.valid_from,
        lead(pieces.valid_from, 1, states.valid_to) over (
            partition by states.ticket_id, states.change_number order by pieces.valid_from
        ) as valid_to,
        states.stage_id,
        states.stage_class,
        states.is_paused,
        states.user_id,
        states.team_id,
        states.priority_code
    from pieces
    inner join states
        on pieces.ticket_id = states.ticket_id and pieces.change_number = states.change_number
),

scheduled as (
    select
        cut_states.*,
        coalesce(of_customer.calendar_key, of_team.calendar_key, of_company.calendar_key, -2) as calendar_key
    from cut_states
    inner join parties on cut_states.ticket_id = parties.ticket_id
    left join calendars as of_customer
        on
            of_customer.owner_kind = 'customer'
            and parties.customer_key = of_customer.owner_id
            and cut_states.valid_from >= of_customer.valid_from
            and cut_states.valid_from < of_customer.valid_to
    left join calendars as of_team
        on
            of_team.owner_kind = 'team'
            and cut_states.team_id = of_team.owner_id
            and cut_states.valid_from >= of_team.valid_from
            and cut_states.valid_from < of_team.valid_to
    left join calendars as of_company
        on of_company.owner_kind = 'company' and parties.company_id = of_company.owner_id
),

-- what the calendar's clock shows when the interval begins, and when it ends
read_at_start as (
    select
        *,
        {{ open_seconds_until('calendar_key', 'valid_from') }} as clock_from
    from scheduled
),

read_at_end as (
    select
        *,
        case
            when
                lead(calendar_key) over same_ticket = calendar_key
                then lead(clock_from) over same_ticket
            else {{ open_seconds_until('calendar_key', 'valid_to') }}
        end as clock_to
    from read_at_start
    window same_ticket as (partition by ticket_id order by change_number, valid_from)
),

measured as (
    select
        ticket_id,
        row_number() over (partition by ticket_id order by change_number, valid_from)::integer as interval_number,
        valid_from,
        valid_to,
        stage_id,
        stage_class,
        is_paused,
        user_id,
        team_id,
        priority_code,
        calendar_key,
        trim_scale(clock_from) as calendar_clock_from,
        {{ exact_seconds('valid_from', 'valid_to') }} as calendar_seconds,
        trim_scale(clock_to - clock_from) as business_seconds
    from read_at_end
)

select * from measured
