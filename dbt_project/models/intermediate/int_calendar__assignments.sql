with calendar_versions as (
    select * from {{ ref('stg_odoo__resource_calendars__versions') }}
),

open_intervals as (
    select * from {{ ref('int_calendar__open_intervals') }}
),

team_versions as (
    select * from {{ ref('stg_odoo__ticket_teams__versions') }}
),

customer_references as (
    select * from {{ ref('int_customer__references') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

newest_calendars as (
    {{ newest_version('calendar_versions', 'calendar_id') }}
),

-- a calendar without hours would stop every clock
calendars as (
    select
        newest_calendars.calendar_id,
        newest_calendars.calendar_name,
        newest_calendars.company_id,
        newest_calendars.is_active and not newest_calendars.is_deleted as is_active,
        {{ surrogate_key('odoo.resource_calendars', 'newest_calendars.calendar_id') }} as calendar_key
    from newest_calendars
    where exists (
        select 1
        from open_intervals
        where
            open_intervals.calendar_key = {{ surrogate_key('odoo.resource_calendars', 'newest_calendars.calendar_id') }}
    )
),

named_calendars as (
    select
        calendar_name,
        min(calendar_id) as calendar_id
    from calendars
    group by calendar_name
),

team_intervals as (
    {{ scd2_intervals('team_versions', 'team_id', ['calendar_id']) }}
),

-- a tenant that is no company in Odoo goes by its slug
customers as (
    select
        customer_ref,
        customer_key
    from customer_references
    union all
    select
        tenant_slug as customer_ref,
        customer_key
    from tenants
    where is_chosen and partner_id is null
),

assignments as (
    select
        'customer' as owner_kind,
        customers.customer_key as owner_id,
        contracts.contract_start::timestamp at time zone 'UTC' as valid_from,
        coalesce((contracts.contract_end + 1)::timestamp, '9999-12-31') at time zone 'UTC' as valid_to,
        named_calendars.calendar_id
    from contracts
    inner join customers on contracts.customer_ref = customers.customer_ref
    inner join named_calendars on contracts.calendar_name = named_calendars.calendar_name
    union all
    select
        'team' as owner_kind,
        team_id as owner_id,
        valid_from,
        valid_to,
        calendar_id
    from team_intervals
    union all
    -- Odoo makes a company's own calendar before any other
    select
        'company' as owner_kind,
        company_id as owner_id,
        '1900-01-01 00:00:00+00'::timestamptz as valid_from,
        '9999-12-31 00:00:00+00'::timestamptz as valid_to,
        min(calendar_id) as calendar_id
    from calendars
    where is_active
    group by company_id
)

select
    assignments.owner_kind,
    assignments.owner_id,
    assignments.valid_from,
    assignments.valid_to,
    calendars.calendar_key
from assignments
inner join calendars on assignments.calendar_id = calendars.calendar_id
