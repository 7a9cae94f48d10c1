{{ config(
    indexes=[
        {'columns': ['calendar_key', 'opens_at'], 'unique': true},
        {'columns': ['calendar_key', 'open_seconds_before']}
    ]
) }}

with calendar_versions as (
    select * from {{ ref('stg_odoo__resource_calendars__versions') }}
),

attendance_versions as (
    select * from {{ ref('stg_odoo__resource_calendar_attendances__versions') }}
    where resource_id is null
),

leave_versions as (
    select * from {{ ref('stg_odoo__resource_calendar_leaves__versions') }}
    where resource_id is null and time_type = 'leave'
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

-- moments that servers wrote: a date somebody mistyped would ask for the days of centuries
told as (
    select created_at
    from tickets
    union all
    select created_at
    from cases
),

horizon as (
    select
        coalesce(min(created_at), {{ as_of() }}) as begins_at,
        {{ as_of() }} + interval '1 year' as ends_at
    from told
),

days as (
    select
        generate_series(
            (begins_at at time zone 'UTC')::date - 1, (ends_at at time zone 'UTC')::date + 1, interval '1 day'
        )::date as day
    from horizon
),

calendars as (
    {{ scd2_intervals('calendar_versions', 'calendar_id', [
        'calendar_name', 'time_zone', 'company_id', 'is_two_weeks'
    ]) }}
),

attendances as (
    {{ scd2_intervals('attendance_versions', 'attendance_id', [
        'calendar_id', 'iso_weekday', 'from_second', 'to_second', 'week_parity', 'first_day', 'last_day', 'is_work'
    ]) }}
),

newest_leaves as (
    {{ newest_version('leave_versions', 'leave_id') }}
),

-- tidying up a leave that is over does not open the past
leaves as (
    select *
    from newest_leaves
    where begins_at < ends_at and (not is_deleted or _known_at >= ends_at)
),

bounds as (
    select
        calendar_id,
        valid_from as bound
    from calendars
    union
    select
        calendar_id,
        valid_from as bound
    from attendances
    union
    select
        calendar_id,
        valid_to as bound
    from attendances
),

-- a version of a calendar ends with any change of its hours
versions as (
    select
        calendar_id,
        bound as valid_from,
        coalesce(
            lead(bound) over (partition by calendar_id order by bound), '9999-12-31 00:00:00+00'::timestamptz
        ) as valid_to
    from bounds
),

-- wall-clock rules become moments here, and nowhere else
opened as (
    select
        versions.calendar_id,
        versions.valid_from,
        tstzrange(versions.valid_from, versions.valid_to) as valid_during,
        (days.day + make_interval(secs => attendances.from_second))
        at time zone coalesce(calendars.time_zone, 'UTC') as opens_at,
        (days.day + make_interval(secs => attendances.to_second))
        at time zone coalesce(calendars.time_zone, 'UTC') as closes_at
    from versions
    inner join calendars
        on
            versions.calendar_id = calendars.calendar_id
            and versions.valid_from >= calendars.valid_from
            and versions.valid_to <= calendars.valid_to
    inner join attendances
        on
            versions.calendar_id = attendances.calendar_id
            and versions.valid_from >= attendances.valid_from
            and versions.valid_to <= attendances.valid_to
    inner join days
        on
            attendances.iso_weekday = extract(isodow from days.day)
            and days.day between coalesce(attendances.first_day, days.day) and coalesce(attendances.last_day, days.day)
    where
        attendances.is_work
        and not attendances.is_deleted
        and versions.valid_from < versions.valid_to
        and (
            not calendars.is_two_weeks
            or attendances.week_parity is null
            or attendances.week_parity = (days.day - '0001-01-01'::date) / 7 % 2
        )
),

worked as (
    select
        opened.calendar_id,
        opened.valid_from,
        range_agg(opened.valid_during * tstzrange(opened.opens_at, opened.closes_at)) as open_during
    from opened
    -- in the hour that a spring night lacks, a shift can end before it begins
    where opened.opens_at < opened.closes_at
    group by opened.calendar_id, opened.valid_from
),

present_calendars as (
    select * from calendars
    where is_current
),

closed as (
    select
        present_calendars.calendar_id,
        range_agg(tstzrange(leaves.begins_at, leaves.ends_at)) as closed_during
    from present_calendars
    inner join leaves
        on
            present_calendars.calendar_id = leaves.calendar_id
            or (
                leaves.calendar_id is null
                and coalesce(present_calendars.company_id, 0)
                = coalesce(leaves.company_id, present_calendars.company_id, 0)
            )
    group by present_calendars.calendar_id
),

open_intervals as (
    select
        {{ surrogate_key('odoo.resource_calendars', 'worked.calendar_id') }} as calendar_key,
        worked.valid_from as calendar_valid_from,
        unnest(worked.open_during - coalesce(closed.closed_during, '{}'::tstzmultirange)) as open_during
    from worked
    left join closed on worked.calendar_id = closed.calendar_id
    union all
    select
        -2 as calendar_key,
        '1900-01-01 00:00:00+00'::timestamptz as calendar_valid_from,
        tstzrange(begins_at, ends_at) as open_during
    from horizon
),

measured as (
    select
        calendar_key,
        calendar_valid_from,
        open_during,
        lower(open_during) as opens_at,
        upper(open_during) as closes_at,
        {{ exact_seconds('lower(open_during)', 'upper(open_during)') }} as open_seconds
    from open_intervals
),

numbered as (
    select
        calendar_key,
        calendar_valid_from,
        open_during,
        opens_at,
        closes_at,
        open_seconds,
        sum(open_seconds) over (partition by calendar_key order by opens_at) - open_seconds as open_seconds_before
    from measured
)

select * from numbered
