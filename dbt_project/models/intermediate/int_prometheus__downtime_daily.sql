{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        indexes=[{'columns': ['date_key']}, {'columns': ['_load_id']}, {'columns': ['_known_at']}]
    )
}}

{%- set longest_gap = "interval '5 minutes'" %}

-- read several times, each time by an index, so these must not be materialised
with host_hours as not materialized (
    select * from {{ ref('stg_prometheus__host_hourly') }}
),

-- whether a host answers is told by the same target as in its hours
up_samples as not materialized (
    select * from {{ ref('stg_prometheus__samples') }}
    where metric = 'up'
),

host_samples as not materialized (
    select * from up_samples
    where job = 'node' and instance is not null
),

{% if is_incremental() %}
    -- the first scrape of a day may count in the hour before it
    changed_days as (
        select distinct {{ date_key('(host_hours.hour + shift.hours)') }} as date_key
        from host_hours
        cross join (values (interval '0 hours'), (interval '1 hour')) as shift (hours)
        where {{ arrived_since_build() }}
        union
        {{ days_of_loads('prometheus', 'samples') }}
        union
        {{ days_asked_for() }}
    ),

    changed_hours as (
        select
            generate_series(
                {{ day_start('date_key') }}, {{ day_start('date_key') }} + interval '23 hours', interval '1 hour'
            ) as hour
        from changed_days
    ),

    -- an array, because the planner takes it for short and uses the index, which a join would not
    measured as (
        select *
        from host_hours
        where hour = any(array(select changed_hours.hour from changed_hours))
    ),

    sample_days as (
        select {{ day_start('date_key') }} as day_start
        from changed_days
    ),
{% else %}
    measured as (
        select * from host_hours
    ),

    sample_days as (
        select distinct date_trunc('day', sampled_at, 'UTC') as day_start
        from up_samples
    ),
{% endif %}

hours as (
    select
        {{ date_key('hour') }} as date_key,
        instance,
        hour,
        up_ratio,
        samples,
        expected_samples,
        (3600 * least(samples::numeric / expected_samples, 1) * (1 - least(up_ratio, 1)::numeric)) as down_seconds,
        _known_at,
        _load_id
    from measured
    where coalesce(samples, 0) > 0
),

-- Scrapes are millions: they are looked at one by one only where no hour has been counted yet, and, of hosts
-- of which one failed, in the hours in which one failed.
counted as (
    select
        date_key,
        max(hour) + interval '1 hour' as counted_until
    from hours
    group by date_key
),

recent_windows as (
    select
        coalesce(counted.counted_until, sample_days.day_start) as starts_at,
        sample_days.day_start + interval '24 hours' as ends_at
    from sample_days
    left join counted on {{ date_key('sample_days.day_start') }} = counted.date_key
),

-- offset 0 keeps the planner from joining: it looks each window up rather than reading everything
recent_scrapes as materialized (
    select
        {{ date_key('scrapes.sampled_at') }} as date_key,
        date_trunc('hour', scrapes.sampled_at, 'UTC') as hour,
        scrapes.*,
        scrapes.value = 0 as is_failed
    from recent_windows as windows
    cross join
        lateral (
            select
                host_samples.instance,
                host_samples.sampled_at,
                host_samples.value,
                host_samples._known_at,
                host_samples._load_id
            from host_samples
            where host_samples.sampled_at >= windows.starts_at and host_samples.sampled_at < windows.ends_at
            order by host_samples.sampled_at
            offset 0
        ) as scrapes
),

-- which an index of the zeros knows
failed_scrapes as materialized (
    select
        failures.instance,
        failures.labels_hash,
        failures.sampled_at
    from sample_days
    cross join
        lateral (
            select
                host_samples.instance,
                host_samples.labels_hash,
                host_samples.sampled_at
            from host_samples
            where
                host_samples.value = 0
                and host_samples.sampled_at >= sample_days.day_start
                and host_samples.sampled_at <= sample_days.day_start + interval '24 hours'
            order by host_samples.sampled_at
            offset 0
        ) as failures
),

-- a scrape at the full hour counts in the hour before it
failing_hours as materialized (
    select distinct date_trunc('hour', failed_scrapes.sampled_at - edge.width, 'UTC') as hour
    from failed_scrapes
    cross join (values (interval '0 seconds'), (interval '1 microsecond')) as edge (width)
),

-- each of these hours and, since a failure lasts until the next scrape if that is near, the minutes after it
scrape_windows as (
    select
        failing_hours.hour as starts_at,
        failing_hours.hour + interval '1 hour'
        + case when next_hours.hour is null then {{ longest_gap }} else interval '0 minutes' end as ends_at
    from failing_hours
    left join failing_hours as next_hours on failing_hours.hour + interval '1 hour' = next_hours.hour
),

failing_hosts as materialized (
    select distinct
        labels_hash,
        instance
    from failed_scrapes
),

-- by the key of samples
dated_scrapes as (
    select
        {{ date_key('scrapes.sampled_at') }} as date_key,
        failing_hosts.instance,
        scrapes.sampled_at,
        date_trunc('hour', scrapes.sampled_at, 'UTC') as hour,
        scrapes.value = 0 as is_failed
    from scrape_windows as windows
    cross join
        lateral (
            select
                up_samples.labels_hash,
                up_samples.sampled_at,
                up_samples.value
            from up_samples
            where
                up_samples.sampled_at >= windows.starts_at
                and up_samples.sampled_at < windows.ends_at
                and up_samples.labels_hash = any(array(select failing_hosts.labels_hash from failing_hosts))
            order by up_samples.sampled_at
            offset 0
        ) as scrapes
    inner join failing_hosts on scrapes.labels_hash = failing_hosts.labels_hash
),

last_hours as (
    select
        instance,
        date_key,
        max(hour) as last_hour
    from (
        select
            instance,
            date_key,
            hour
        from hours
        union all
        select
            instance,
            date_key,
            hour
        from recent_scrapes
    ) as heard
    group by instance, date_key
),

-- every scrape, as long as the next one is near, tells how it was until then
steps as (
    select
        dated_scrapes.*,
        lead(dated_scrapes.sampled_at) over (
            partition by dated_scrapes.instance, dated_scrapes.date_key order by dated_scrapes.sampled_at
        ) as next_at,
        count(*) over (partition by dated_scrapes.instance, dated_scrapes.hour) as scrapes_in_hour
    from dated_scrapes
),

-- raw may hold the samples of a part of an hour only; the edge may put one of them into the next
exact_steps as (
    select
        steps.*,
        case
            when last_hours.last_hour > steps.hour then {{ longest_gap }}
            else interval '1 second' * (3600 / coalesce(hours.expected_samples, 60))
        end as scrape_interval
    from steps
    left join hours on steps.instance = hours.instance and steps.hour = hours.hour
    left join last_hours on steps.instance = last_hours.instance and steps.date_key = last_hours.date_key
    where hours.hour is null or steps.scrapes_in_hour >= hours.samples - 1
),

exact_hours as (
    select distinct
        instance,
        hour
    from exact_steps
),

exact_days as (
    select
        date_key,
        instance,
        range_agg(
            tstzrange(
                sampled_at, least(coalesce(next_at, sampled_at + scrape_interval), sampled_at + {{ longest_gap }})
            )
        ) filter (where is_failed) as down_spans
    from exact_steps
    group by date_key, instance
),

sampled_days as (
    select
        date_key,
        instance,
        max(sampled_at) as measured_until,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from recent_scrapes
    group by date_key, instance
),

vague_days as (
    select
        hours.date_key,
        hours.instance,
        jsonb_object_agg(
            extract(hour from hours.hour at time zone 'UTC')::text, round(hours.down_seconds)::bigint
        ) as down_hours
    from hours
    left join exact_hours on hours.instance = exact_hours.instance and hours.hour = exact_hours.hour
    where hours.down_seconds > 0 and exact_hours.hour is null
    group by hours.date_key, hours.instance
),

hourly_days as (
    select
        date_key,
        instance,
        array_agg(hour) as measured_hours,
        max(hour) + interval '1 hour' as measured_until,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from hours
    group by date_key, instance
),

asked_hours as (
    select
        date_key,
        hour,
        count(*) over (partition by date_key) as hours_of_day
    from hours
    group by date_key, hour
),

-- hours in which others were measured, but not this one
silent_days as (
    select
        hourly_days.date_key,
        hourly_days.instance,
        range_agg(tstzrange(asked_hours.hour, asked_hours.hour + interval '1 hour')) as silent_spans
    from hourly_days
    inner join asked_hours
        on
            hourly_days.date_key = asked_hours.date_key
            and cardinality(hourly_days.measured_hours) < asked_hours.hours_of_day
            and asked_hours.hour <> all(hourly_days.measured_hours)
    group by hourly_days.date_key, hourly_days.instance
),

days as (
    select
        coalesce(hourly_days.date_key, sampled_days.date_key) as date_key,
        coalesce(hourly_days.instance, sampled_days.instance) as instance,
        greatest(hourly_days.measured_until, sampled_days.measured_until) as measured_until,
        greatest(hourly_days._known_at, sampled_days._known_at) as _known_at,
        greatest(hourly_days._load_id, sampled_days._load_id) as _load_id
    from hourly_days
    full join sampled_days
        on hourly_days.date_key = sampled_days.date_key and hourly_days.instance = sampled_days.instance
),

final as (
    select
        days.date_key,
        days.instance,
        days.measured_until,
        exact_days.down_spans,
        vague_days.down_hours,
        silent_days.silent_spans,
        days._known_at,
        days._load_id
    from days
    left join exact_days on days.date_key = exact_days.date_key and days.instance = exact_days.instance
    left join vague_days on days.date_key = vague_days.date_key and days.instance = vague_days.instance
    left join silent_days on days.date_key = silent_days.date_key and days.instance = silent_days.instance
)

select * from final
