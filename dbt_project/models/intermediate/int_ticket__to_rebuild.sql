{{ config(indexes=[{'columns': ['ticket_id'], 'unique': true}]) }}

with tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

-- whose time zone tells the days of their tickets
partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
),

stages as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

newest_stages as (
    {{ newest_version('stages', 'stage_id') }}
),

ticket_devices as (
    select * from {{ ref('int_ticket__devices') }}
),

maintained as (
    select * from {{ ref('int_ticket__in_maintenance') }}
),

-- the rows that are a ticket's own, each by what tells it from any other: what never changes by its id
own_rows as (
    select
        ticket_id,
        hashtextextended('version' || _row_hash || _load_id, 0) as row_hash
    from {{ ref('stg_odoo__tickets__versions') }}
    union all
    select
        ticket_id,
        hashint8extended(tracking_value_id, 1) as row_hash
    from {{ ref('stg_odoo__mail_tracking_values') }}
    where record_model = 'helpdesk.ticket'
    union all
    select
        ticket_id,
        hashint8extended(message_id, 2) as row_hash
    from {{ ref('stg_odoo__mail_messages') }}
    where record_model = 'helpdesk.ticket'
    union all
    select
        ticket_id,
        hashtextextended('sla' || _load_id, sla_status_id) as row_hash
    from {{ ref('stg_odoo__sla_status') }}
    union all
    select
        ticket_id,
        hashtextextended('rating' || _load_id, rating_id) as row_hash
    from {{ ref('stg_odoo__ratings') }}
    where record_model = 'helpdesk.ticket'
    union all
    select
        ticket_id,
        hashtextextended('tag' || _load_id, tag_id) as row_hash
    from {{ ref('stg_odoo__ticket_tag_links') }}
    union all
    select
        ticket_id,
        hashtextextended('timesheet' || _load_id, timesheet_id) as row_hash
    from {{ ref('stg_odoo__timesheets') }}
),

own as (
    select
        ticket_id,
        bit_xor(row_hash) as own_hash
    from own_rows
    group by ticket_id
),

-- what holds for all tickets: a change of it is rare and builds them all
reference_rows as (
    {% for reference in [
        'stg_odoo__ticket_stages__versions', 'stg_odoo__resource_calendars__versions',
        'stg_odoo__resource_calendar_attendances__versions', 'stg_odoo__resource_calendar_leaves__versions',
        'int_user__kinds', 'int_calendar__assignments', 'int_sla__policies', 'ticket_stages', 'ticket_priority_labels',
        'stg_odoo__ticket_teams', 'stg_odoo__ticket_tags', 'rate_card'
    ] %}
        select
            '{{ reference }}' as reference,
            reference::text as row_text
        from {{ ref(reference) }} as reference
        union all
    {% endfor %}
    -- from where on the clocks of the calendars are read
    select
        'beginning' as reference,
        min(opens_at)::text as row_text
    from {{ ref('int_calendar__open_intervals') }}
),

shared as (
    select bit_xor(hashtextextended(concat_ws(' ', reference, row_text), 0)) as shared_hash
    from reference_rows
),

inputs as (
    select
        tickets.ticket_id,
        hashtextextended(concat_ws(
            ' ',
            own.own_hash,
            shared.shared_hash,
            parties::text,
            ticket_devices.device_key,
            maintained.ticket_id is not null,
            coalesce(partners.time_zone, 'UTC'),
            -- the clocks of an open ticket run on, as far as the helpdesk has been heard
            case
                when newest_stages.is_closed_stage is not true
                    then concat_ws(
                        ' ',
                        {{ as_of() }},
                        {{ source_state('raw_odoo', 'tickets') }},
                        {{ source_state('raw_odoo', 'mail_tracking_values') }}
                    )
            end
        ), 0) as inputs_hash
    from tickets
    inner join own on tickets.ticket_id = own.ticket_id
    inner join parties on tickets.ticket_id = parties.ticket_id
    left join ticket_devices on tickets.ticket_id = ticket_devices.ticket_id
    left join maintained on tickets.ticket_id = maintained.ticket_id
    left join partners on parties.customer_key = {{ surrogate_key('odoo.partners', 'partners.partner_id') }}
    left join newest_stages on tickets.stage_id = newest_stages.stage_id
    cross join shared
),

built as (
    {{ built_tickets() }}
),

due as (
    {{ tickets_told_otherwise() }}
),

to_rebuild as (
    select
        coalesce(inputs.ticket_id, built.ticket_id) as ticket_id,
        inputs.inputs_hash
    from inputs
    full outer join built on inputs.ticket_id = built.ticket_id
    left join due on inputs.ticket_id = due.ticket_id
    where inputs.inputs_hash is distinct from built.inputs_hash or due.ticket_id is not null
)

select * from to_rebuild
