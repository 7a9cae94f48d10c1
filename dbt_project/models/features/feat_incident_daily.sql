with device_days as (
    select * from {{ ref('feat_device_daily') }}
    where as_of <= {{ as_of() }}
),

device_versions as (
    select * from {{ ref('dim_device') }}
    where not is_deleted
),

windows as (
    select * from {{ ref('int_maintenance_windows') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
    where source = 'thehive' and resource = 'cases'
),

-- up to when the incident source has been read, and since when people have been writing incidents down
watched as (
    select
        (select max(window_end) from loads) as watched_until,
        (
            select coalesce(min(least(occurred_at, detected_at)), 'infinity'::timestamptz)
            from incidents
            where cases + tickets > 0
        ) as watched_since
),

-- every midnight with a real incident in the seven days after it; of several the first tells the type
upcoming as (
    select
        incidents.device_key,
        midnight.moment at time zone 'UTC' as as_of,
        min(greatest(incidents.occurred_at, incidents.detected_at)) as incident_known_at,
        (array_agg(incidents.incident_type order by incidents.occurred_at, incidents.incident_key))[1] as incident_type
    from incidents
    cross join
        generate_series(
            {{ first_midnight("incidents.occurred_at - interval '7 days'") }}::timestamp,
            {{ first_midnight('incidents.occurred_at') }}::timestamp - interval '1 day',
            interval '1 day'
        ) as midnight (moment)
    where incidents.device_key > 0 and not incidents.is_false_positive and not incidents.is_duplicate
    group by incidents.device_key, midnight.moment
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
    where model = 'device_incident_7d'
),

-- what people said of the prediction of a midnight
judged_midnights as (
    select
        verdicts.device_key,
        midnight.as_of,
        verdicts.is_confirmed,
        verdicts.known_at
    from verdicts
    cross join
        generate_series(verdicts.started_at, verdicts.ended_at - interval '1 day', interval '1 day')
            as midnight (as_of)
),

-- the midnights within maintenance, of a device, of all of a site's or of everything (-2 in both)
maintained as (
    select distinct
        windows.device_key,
        windows.site_key,
        midnight.moment at time zone 'UTC' as as_of
    from windows
    cross join
        generate_series(
            {{ first_midnight('windows.starts_at') }}::timestamp,
            least(
                {{ first_midnight('windows.ends_at') }}::timestamp - interval '1 day',
                {{ utc_date(as_of()) }}::timestamp
            ),
            interval '1 day'
        ) as midnight (moment)
),

of_versions as (
    select
        device_days.*,
        device_versions.site_key,
        device_versions.customer_key,
        device_versions.role_name,
        device_versions.manufacturer,
        device_versions.device_type,
        device_versions.environment,
        device_versions.criticality
    from device_days
    inner join device_versions
        on
            device_days.device_key = device_versions.device_key
            and device_days.as_of >= device_versions.valid_from
            and device_days.as_of < device_versions.valid_to
),

labelled as (
    select
        of_versions.*,
        of_device.as_of is not null or of_site.as_of is not null or of_all.as_of is not null as is_in_maintenance,
        case
            when upcoming.as_of is not null and of_versions.as_of >= watched.watched_since then true
            when judged_midnights.as_of is not null then judged_midnights.is_confirmed
            when of_versions.as_of < watched.watched_since then null
            when of_versions.as_of + interval '7 days' <= watched.watched_until then false
        end as is_incident,
        case
            when upcoming.as_of is not null and of_versions.as_of >= watched.watched_since
                then
                    greatest(
                        least(
                            upcoming.incident_known_at,
                            case when judged_midnights.is_confirmed then judged_midnights.known_at end
                        ),
                        of_versions.as_of
                    )
            when judged_midnights.is_confirmed then greatest(judged_midnights.known_at, of_versions.as_of)
            -- without an incident nobody had to call it false any more once its seven days were over
            when judged_midnights.as_of is not null and of_versions.as_of >= watched.watched_since
                then
                    greatest(
                        least(
                            judged_midnights.known_at,
                            case
                                when of_versions.as_of + interval '7 days' <= watched.watched_until
                                    then of_versions.as_of + interval '7 days'
                            end
                        ),
                        of_versions.as_of
                    )
            when judged_midnights.as_of is not null then greatest(judged_midnights.known_at, of_versions.as_of)
            when of_versions.as_of < watched.watched_since then null
            when of_versions.as_of + interval '7 days' <= watched.watched_until
                then of_versions.as_of + interval '7 days'
        end as label_known_at,
        case when of_versions.as_of >= watched.watched_since then upcoming.incident_type end as incident_type
    from of_versions
    cross join watched
    left join upcoming
        on
            of_versions.device_key = upcoming.device_key
            and of_versions.as_of = upcoming.as_of
    left join judged_midnights
        on
            of_versions.device_key = judged_midnights.device_key
            and of_versions.as_of = judged_midnights.as_of
    left join maintained as of_device
        on
            of_versions.device_key = of_device.device_key
            and of_versions.as_of = of_device.as_of
    left join maintained as of_site
        on
            of_site.device_key = -2
            and of_versions.site_key = of_site.site_key
            and of_versions.as_of = of_site.as_of
    left join maintained as of_all
        on
            of_all.device_key = -2
            and of_all.site_key = -2
            and of_versions.as_of = of_all.as_of
)

-- the contract names the columns, those of feat_device_daily and the ones above
select * from labelled -- noqa: AM04
