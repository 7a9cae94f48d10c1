-- read twice, once of few columns and once of few rows, so it must not be materialised
with downtime as not materialized (
    select * from {{ ref('int_prometheus__downtime_daily') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

-- a host that only samples know so far has no hour yet, and waits for it
instances as (
    select
        prometheus_hosts.instance,
        hosts.host,
        hosts.device_key
    from prometheus_hosts
    inner join hosts on prometheus_hosts.host = hosts.host
    where hosts.is_chosen
),

instances_seen as (
    select
        instance,
        max(measured_until) as measured_until
    from downtime
    group by instance
),

last_seen as (
    select
        instances.device_key,
        max(instances_seen.measured_until) as measured_until,
        max(max(instances_seen.measured_until)) over () as anyone_measured_until
    from instances_seen
    inner join instances on instances_seen.instance = instances.instance
    group by instances.device_key
),

-- on most days nothing happens
device_days as (
    select
        downtime.*,
        instances.host,
        instances.device_key
    from downtime
    inner join instances on downtime.instance = instances.instance
    where num_nonnulls(downtime.down_spans, downtime.down_hours, downtime.silent_spans) > 0
),

ever_down as (
    select distinct device_key
    from device_days
    where down_spans is not null or down_hours is not null
),

spans as (
    select
        device_days.device_key,
        device_days.host,
        lower(span.span) as began_at,
        upper(span.span) as ended_at,
        {{ seconds_between('lower(span.span)', 'upper(span.span)') }} as down_seconds,
        'scrape' as precision,
        device_days._known_at,
        device_days._load_id
    from device_days
    cross join unnest(device_days.down_spans) as span (span)
    union all
    select
        device_days.device_key,
        device_days.host,
        {{ day_start('device_days.date_key') }} + interval '1 hour' * down.hour::integer as began_at,
        {{ day_start('device_days.date_key') }} + interval '1 hour' * (down.hour::integer + 1) as ended_at,
        down.seconds::bigint as down_seconds,
        'hour' as precision,
        device_days._known_at,
        device_days._load_id
    from device_days
    cross join jsonb_each_text(device_days.down_hours) as down (hour, seconds)
    union all
    -- what nobody saw does not end an outage: only an answer does
    select
        device_days.device_key,
        device_days.host,
        lower(silent.span) as began_at,
        upper(silent.span) as ended_at,
        0 as down_seconds,
        'silent' as precision,
        device_days._known_at,
        device_days._load_id
    from device_days
    inner join ever_down on device_days.device_key = ever_down.device_key
    cross join unnest(device_days.silent_spans) as silent (span)
),

-- who answers for less than five minutes in between is still the same outage
steps as (
    select
        *,
        began_at >= interval '5 minutes' + max(ended_at) over (
            partition by device_key
            order by began_at, ended_at
            rows between unbounded preceding and 1 preceding
        ) as begins_another
    from spans
),

numbered as (
    select
        *,
        count(*) filter (where begins_another) over (
            partition by device_key order by began_at, ended_at rows unbounded preceding
        ) as outage_number
    from steps
),

outages as (
    select
        device_key,
        min(host) as host,
        (array_agg(began_at order by began_at, ended_at))[1] as first_began_at,
        (array_agg(ended_at order by began_at, ended_at))[1] as first_ended_at,
        (array_agg(down_seconds order by began_at, ended_at))[1] as first_seconds,
        (array_agg(precision order by began_at, ended_at))[1] as first_precision,
        (array_agg(began_at order by began_at desc, ended_at desc))[1] as last_began_at,
        (array_agg(ended_at order by began_at desc, ended_at desc))[1] as last_ended_at,
        (array_agg(down_seconds order by began_at desc, ended_at desc))[1] as last_seconds,
        (array_agg(precision order by began_at desc, ended_at desc))[1] as last_precision,
        count(*) as spans,
        sum(down_seconds)::bigint as down_seconds,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from numbered
    where precision <> 'silent'
    group by device_key, outage_number
),

-- of an hour only the length of the downtime is known: it lies beside the next span, alone at the front
placed as (
    select
        *,
        case
            when first_precision = 'hour' and spans > 1
                then first_ended_at - interval '1 second' * first_seconds
            else first_began_at
        end as started_at,
        case
            when last_precision = 'hour' then last_began_at + interval '1 second' * last_seconds
            else last_ended_at
        end as seen_until
    from outages
),

final as (
    select
        {{ surrogate_key('outage', ['placed.device_key', 'extract(epoch from placed.started_at)::bigint']) }}
            as outage_key,
        placed.device_key,
        placed.host,
        placed.started_at,
        case
            when
                placed.seen_until > last_seen.measured_until - interval '5 minutes'
                and last_seen.measured_until > last_seen.anyone_measured_until - interval '2 hours'
                then null
            else placed.seen_until
        end as ended_at,
        placed.seen_until,
        placed.down_seconds,
        case when 'hour' in (placed.first_precision, placed.last_precision) then 'hour' else 'scrape' end as precision,
        placed._known_at,
        placed._load_id
    from placed
    inner join last_seen on placed.device_key = last_seen.device_key
)

select * from final
