{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        on_schema_change='fail',
        indexes=[{'columns': ['date_key']}, {'columns': ['_load_id']}, {'columns': ['_known_at']}]
    )
}}

-- both read twice, each time by an index, so they must not be materialised
with host_hours as not materialized (
    select * from {{ ref('stg_prometheus__host_hourly') }}
),

-- whether a host answers is told by the same target as in its hours
up_samples as not materialized (
    select *
    from {{ ref('stg_prometheus__samples') }}
    where metric = 'up' and job = 'node' and instance is not null
),

{% if is_incremental() %}
    changed_days as (
        select distinct {{ date_key('hour') }} as date_key
        from host_hours
        where {{ arrived_since_build() }}
        union
        select distinct {{ date_key('sampled_at') }} as date_key
        from up_samples
        where {{ arrived_since_build() }}
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

    -- the bounds let the index find the days, the array drops those between them that did not change
    scrapes as not materialized (
        select *
        from up_samples
        where
            sampled_at >= (select min(changed_hours.hour) from changed_hours)
            and sampled_at < (select max(changed_hours.hour) + interval '1 hour' from changed_hours)
            and date_trunc('hour', sampled_at, 'UTC') = any(array(select changed_hours.hour from changed_hours))
    ),
{% else %}
    measured as (
        select * from host_hours
    ),

    scrapes as not materialized (
        select * from up_samples
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

-- so that single scrapes are held of those days alone on which one failed
scrape_days as materialized (
    select
        instance,
        date_trunc('day', sampled_at, 'UTC') as day_start,
        bool_or(value = 0) as is_failing,
        max(sampled_at) as measured_until,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from scrapes
    group by instance, date_trunc('day', sampled_at, 'UTC')
),

failing as materialized (
    select
        instance,
        day_start
    from scrape_days
    where is_failing
),

dated_scrapes as (
    select
        {{ date_key('failing.day_start') }} as date_key,
        scrapes.instance,
        scrapes.sampled_at,
        date_trunc('hour', scrapes.sampled_at, 'UTC') as hour,
        scrapes.value = 0 as is_failed
    from failing
    inner join scrapes
        on
            failing.instance = scrapes.instance
            and failing.day_start = date_trunc('day', scrapes.sampled_at, 'UTC')
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
        interval '1 second' * (3600 / coalesce(hours.expected_samples, 60)) as scrape_interval
    from steps
    left join hours on steps.instance = hours.instance and steps.hour = hours.hour
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
                sampled_at, least(coalesce(next_at, sampled_at + scrape_interval), sampled_at + interval '5 minutes')
            )
        ) filter (where is_failed) as down_spans
    from exact_steps
    group by date_key, instance
),

sampled_days as (
    select
        {{ date_key('day_start') }} as date_key,
        instance,
        measured_until,
        _known_at,
        _load_id
    from scrape_days
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
