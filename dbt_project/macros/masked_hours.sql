{#-
    Which hours of a device bear on what a model of anomalies learns: those of its incidents, and those of alerts
    that people judged.
-#}

{% macro hours_of_incidents(incidents) -%}
    {#-
        Of incidents (device_key, occurred_at, resolved_at, is_false_positive, is_duplicate): every hour h of a device
        whose [h - 2 h, h + 3 h) a real one touches, and whether it touches [h, h + 1 h).
    -#}
    select
        device_key,
        hour,
        bool_or(occurred_at < hour + interval '1 hour' and ended_at >= hour) as is_overlapped
    from (
        select
            device_key,
            occurred_at,
            ended_at,
            generate_series(
                date_trunc('hour', occurred_at, 'UTC') - interval '2 hours',
                ended_at + interval '2 hours',
                interval '1 hour'
            ) as hour
        from (
            select
                device_key,
                occurred_at,
                greatest(coalesce(resolved_at, {{ as_of() }}), occurred_at) as ended_at
            from {{ incidents }}
            where device_key > 0 and not is_false_positive and not is_duplicate
        ) as real_incidents
    ) as touched_hours
    group by device_key, hour
{%- endmacro %}

{% macro hours_of_verdicts(verdicts) -%}
    {#-
        The same hours of alerts that people judged, of rows of int_feedback__verdicts, from an alert's first step to
        the end of its last one, with the moment from which that is known.
    -#}
    select
        device_key,
        hour,
        min(known_at) filter (where is_confirmed and hour >= started_at and hour < ended_at) as confirmed_at,
        min(known_at) filter (where is_confirmed) as near_confirmed_at,
        min(known_at) filter (where not is_confirmed and hour >= started_at and hour < ended_at) as dismissed_at
    from (
        select
            is_confirmed,
            known_at,
            device_key,
            started_at,
            ended_at,
            generate_series(
                started_at - interval '2 hours', ended_at + interval '1 hour', interval '1 hour'
            ) as hour
        from {{ verdicts }}
    ) as judged_hours
    group by device_key, hour
{%- endmacro %}

{% macro masks_of_hour() -%}
    {#- The columns that a row with its left-joined incident_hours and verdict_hours has of both. -#}
    coalesce(incident_hours.is_overlapped, false) as is_masked,
    incident_hours.hour is not null as is_incident,
    verdict_hours.confirmed_at,
    verdict_hours.near_confirmed_at,
    verdict_hours.dismissed_at
{%- endmacro %}
