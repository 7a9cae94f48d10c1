{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        is_read_by_day=true,
        told_by=[
            'device_key', 'site_key', 'customer_key', 'up_minutes', 'down_minutes', 'unknown_minutes', 'outages'
        ],
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with host_hours as not materialized (
    select * from {{ ref('fct_infrastructure') }}
    where device_key > 0
),

-- and this of few columns
host_days as not materialized (
    select * from {{ ref('fct_infrastructure_daily') }}
    where device_key > 0
),

devices as (
    select * from {{ ref('dim_device') }}
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

windows as (
    select * from {{ ref('int_maintenance_windows') }}
),

outages as (
    select * from {{ ref('int_device__outages') }}
),

-- a day is told once measurements have reached its end
measured_until as (
    select max(last_hour) + interval '1 hour' as moment
    from host_days
    where date_key = (select max(known_days.date_key) from host_days as known_days)
),

-- where a device stands at noon UTC says what its day is: it may move to another zone
zoned as (
    select
        devices.device_key,
        devices.device_version_key,
        devices.site_key,
        devices.customer_key,
        coalesce(sites.time_zone, customers.time_zone, 'UTC') as time_zone,
        devices.valid_from,
        devices.valid_to
    from devices
    left join sites on devices.site_key = sites.site_key
    left join customers on devices.customer_key = customers.customer_key
    where not devices.is_deleted
),

device_months as (
    select
        device_key,
        min(host) as host,
        min(date_key) as first_day,
        max(date_key) as last_day
    from host_days
    group by device_key, date_key / 100
),

-- a device that falls silent stays in the books for thirty days, unknown; within a month no silence is longer
followed as materialized (
    select
        device_key,
        min(host) as host,
        range_agg(
            daterange(to_date(first_day::text, 'YYYYMMDD'), to_date(last_day::text, 'YYYYMMDD') + 31)
        ) as followed_days
    from device_months
    group by device_key
),

device_dates as (
    select
        followed.device_key,
        followed.host,
        followed_day.moment::date as date_day
    from followed
    cross join unnest(followed.followed_days) as span (days)
    cross join measured_until
    cross join generate_series(
        lower(span.days)::timestamp,
        least(upper(span.days) - 1, {{ utc_date('measured_until.moment') }} + 1)::timestamp,
        interval '1 day'
    ) as followed_day (moment)
),

device_days as (
    select
        device_dates.device_key,
        device_dates.host,
        device_dates.date_day,
        zoned.device_version_key,
        zoned.site_key,
        zoned.customer_key,
        zoned.time_zone,
        device_dates.date_day::timestamp at time zone zoned.time_zone as day_start,
        (device_dates.date_day + 1)::timestamp at time zone zoned.time_zone as day_end
    from device_dates
    inner join zoned
        on
            device_dates.device_key = zoned.device_key
            and (device_dates.date_day + time '12:00') at time zone 'UTC' >= zoned.valid_from
            and (device_dates.date_day + time '12:00') at time zone 'UTC' < zoned.valid_to
),

-- read several times, each time of few days, so it must not be materialised: most days keep their beginning unasked
told_days as not materialized (
    select device_days.*
    from device_days
    inner join measured_until on device_days.day_end <= measured_until.moment
),

-- in its local time a day may lie a day beside that in UTC
windows_of_days as (
    select
        told_days.device_key,
        told_days.date_day,
        tstzrange(windows.starts_at, windows.ends_at)
        * tstzrange(told_days.day_start, told_days.day_end) as maintenance
    from told_days
    inner join windows
        on
            told_days.device_key = windows.device_key
            and {{ utc_date('windows.starts_at') }} <= told_days.date_day + 1
            and {{ utc_date('windows.ends_at') }} >= told_days.date_day - 1
    union all
    select
        told_days.device_key,
        told_days.date_day,
        tstzrange(windows.starts_at, windows.ends_at)
        * tstzrange(told_days.day_start, told_days.day_end) as maintenance
    from told_days
    inner join windows
        on
            windows.device_key = -2
            and windows.site_key in (told_days.site_key, -2)
            and {{ utc_date('windows.starts_at') }} <= told_days.date_day + 1
            and {{ utc_date('windows.ends_at') }} >= told_days.date_day - 1
),

-- aggregates are materialised: the planner guesses few rows of them and would work them out for each
maintained as materialized (
    select
        device_key,
        date_day,
        range_agg(maintenance) as maintenance
    from windows_of_days
    where not isempty(maintenance)
    group by device_key, date_day
),

{% if is_incremental() %}
    -- the end of the newest day that anybody's clock tells, and that day
    told_until as (
        select
            max(
                date_trunc('day', measured_until.moment at time zone zoned.time_zone) at time zone zoned.time_zone
            ) as moment,
            max((measured_until.moment at time zone zoned.time_zone)::date - 1) as date_day
        from zoned
        cross join measured_until
    ),

    -- a UTC day touches three local ones; the hours of a day that is not told yet do not arrive before it is
    told_hours as not materialized (
        select
            host_hours.hour + interval '1 day' * shift.days as moment,
            host_hours._known_at,
            host_hours._load_id
        from host_hours
        cross join generate_series(-1, 1) as shift (days)
        where host_hours.hour < (select told_until.moment from told_until)
    ),

    changed_local_days as (
        {{ days_to_rebuild('told_hours', 'moment') }}
        union
        {{ rekeyed_days() }}
    ),

    built_until as (
        select to_date(max(built.date_key)::text, 'YYYYMMDD') as date_day
        from {{ this }} as built
    ),

    -- days that nobody measured arrive with the next that somebody did
    changed_days as (
        select to_date(date_key::text, 'YYYYMMDD') as date_day
        from changed_local_days
        union
        select built_until.date_day + later.days as date_day
        from built_until
        cross join told_until
        cross join generate_series(1, told_until.date_day - built_until.date_day) as later (days)
        union
        select coalesce(maintained.date_day, built.date_day) as date_day
        from maintained
        full join (
            select
                device_key,
                date_day,
                maintenance
            from {{ this }}
            where maintenance is not null
        ) as built
            on maintained.device_key = built.device_key and maintained.date_day = built.date_day
        where maintained.maintenance is distinct from built.maintenance
    ),

    wanted_days as (
        select *
        from told_days
        where
            date_day = any(array(select changed_days.date_day from changed_days))
            -- without its hours, which may lie on the UTC day before, a day stays as it was told
            and date_day > to_date({{ kept_from('keep_detail_months') }}::text, 'YYYYMMDD')
    ),

    -- An array, because the planner takes it for short and uses the index, which a join would not; and
    -- materialised, or it would rather look for each device in every month.
    measured as materialized (
        select
            device_key,
            hour,
            coverage,
            up_minutes,
            _known_at,
            _load_id
        from host_hours
        where
            date_key = any(array(
                select distinct to_char(changed_days.date_day + shift.days, 'YYYYMMDD')::integer
                from changed_days
                cross join generate_series(-1, 1) as shift (days)
            ))
            and hour > (select min(wanted_days.day_start) - interval '1 hour' from wanted_days)
            and hour < (select max(wanted_days.day_end) from wanted_days)
    ),
{% else %}
    wanted_days as (
        select * from told_days
    ),

    measured as (
        select * from host_hours
    ),
{% endif %}

days as (
    select
        wanted_days.*,
        maintained.maintenance
    from wanted_days
    left join maintained
        on
            wanted_days.device_key = maintained.device_key
            and wanted_days.date_day = maintained.date_day
),

-- Where midnight is no full hour in UTC, an hour belongs to two days, and where clocks go back over
-- midnight one belongs to the day before the one it is dated; there all neighbours are tried.
device_zones as materialized (
    select
        device_key,
        time_zone,
        case
            when
                bool_or(
                    day_start <> date_trunc('hour', day_start, 'UTC')
                    or ((day_start - interval '1 microsecond') at time zone time_zone)::date = date_day
                )
                then array[-1, 0, 1]
            else array[0]
        end as shifts
    from days
    group by device_key, time_zone
),

-- materialised, or the planner would seek every day's hours among all hours of its device
dated_hours as materialized (
    select
        measured.device_key,
        measured.hour,
        measured.coverage,
        measured.up_minutes,
        measured._known_at,
        measured._load_id,
        device_zones.time_zone,
        (measured.hour at time zone device_zones.time_zone)::date + shift.days as date_day
    from measured
    inner join device_zones on measured.device_key = device_zones.device_key
    cross join unnest(device_zones.shifts) as shift (days)
),

placed_hours as (
    select
        dated_hours.*,
        days.maintenance,
        greatest(dated_hours.hour, days.day_start) as piece_start,
        least(dated_hours.hour + interval '1 hour', days.day_end) as piece_end
    from dated_hours
    inner join days
        on
            dated_hours.device_key = days.device_key
            and dated_hours.time_zone = days.time_zone
            and dated_hours.date_day = days.date_day
),

-- microseconds, in which maintenance is told exactly, so that parts never exceed the whole
pieces as (
    select
        device_key,
        date_day,
        case
            when up_minutes is not null
                then round(coverage * extract(epoch from piece_end - piece_start) * 1000000)::bigint
            else 0
        end as measured,
        coalesce(
            round(coverage * up_minutes / 60 * extract(epoch from piece_end - piece_start) * 1000000), 0
        )::bigint as up,
        case
            when maintenance is null then 0
            else {{ range_minutes('maintenance * tstzmultirange(tstzrange(piece_start, piece_end))') }} * 60000000
        end::bigint as maintenance,
        _known_at,
        _load_id
    from placed_hours
    where piece_start < piece_end
    -- in the order in which they are added up; offset 0 keeps the planner from working each out wherever it is named
    order by device_key, date_day
    offset 0
),

-- of an hour that was partly maintained the minutes down lie within the maintenance first
shared as (
    select
        *,
        least(measured - up, maintenance) as maintenance_down,
        least(up, maintenance - least(measured - up, maintenance)) as maintenance_up
    from pieces
),

-- cut off, not rounded: what is lost that way is unknown, and no part is negative
summed as materialized (
    select
        device_key,
        date_day,
        trunc(sum(up - maintenance_up) / 60000000, 4)::numeric(20, 4) as up_minutes,
        trunc(sum(measured - up - maintenance_down) / 60000000, 4)::numeric(20, 4) as down_minutes,
        trunc(sum(maintenance_up) / 60000000, 4)::numeric(20, 4) as maintenance_up_minutes,
        trunc(sum(maintenance_down) / 60000000, 4)::numeric(20, 4) as maintenance_down_minutes,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from shared
    group by device_key, date_day
),

begun as materialized (
    select
        days.device_key,
        days.date_day,
        count(*) as outages
    from days
    inner join outages
        on
            days.device_key = outages.device_key
            and days.day_start <= outages.started_at
            and days.day_end > outages.started_at
    where outages.down_seconds >= 300
    group by days.device_key, days.date_day
),

joined as (
    select
        to_char(days.date_day, 'YYYYMMDD')::integer as date_key,
        days.date_day,
        days.device_key,
        days.device_version_key,
        days.host,
        days.site_key,
        days.customer_key,
        days.time_zone,
        round(extract(epoch from days.day_end - days.day_start) / 60, 4) as day_minutes,
        coalesce(summed.up_minutes, 0) as up_minutes,
        coalesce(summed.down_minutes, 0) as down_minutes,
        trunc({{ range_minutes('days.maintenance') }}, 4) as maintenance_minutes,
        coalesce(summed.maintenance_up_minutes, 0) as maintenance_up_minutes,
        coalesce(summed.maintenance_down_minutes, 0) as maintenance_down_minutes,
        coalesce(begun.outages, 0) as outages,
        days.maintenance,
        coalesce(summed._known_at, '-infinity') as _known_at,
        coalesce(summed._load_id, '') as _load_id
    from days
    left join summed on days.device_key = summed.device_key and days.date_day = summed.date_day
    left join begun on days.device_key = begun.device_key and days.date_day = begun.date_day
),

final as (
    select
        date_key,
        date_day,
        device_key,
        device_version_key,
        host,
        site_key,
        customer_key,
        time_zone,
        day_minutes,
        up_minutes,
        down_minutes,
        day_minutes - up_minutes - down_minutes - maintenance_minutes as unknown_minutes,
        maintenance_minutes,
        maintenance_up_minutes,
        maintenance_down_minutes,
        outages,
        round(100 * up_minutes / nullif(up_minutes + down_minutes, 0), 4) as availability_excl_maintenance_pct,
        round(
            100 * (up_minutes + maintenance_up_minutes)
            / nullif(up_minutes + down_minutes + maintenance_up_minutes + maintenance_down_minutes, 0), 4
        ) as availability_incl_maintenance_pct,
        maintenance,
        _known_at,
        _load_id
    from joined
)

select * from final
