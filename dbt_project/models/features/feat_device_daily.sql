{%- set windows = [1, 7, 30] -%}
{%- set averages = {
    'cpu_avg_pct': ['cpu_pct_hours', 'cpu_measured_hours', 10000],
    'mem_avg_pct': ['mem_pct_hours', 'mem_measured_hours', 10000],
    'disk_avg_pct': ['disk_pct_hours', 'disk_measured_hours', 10000],
    'net_in_bytes_per_hour': ['net_in_bytes', 'net_measured_hours', 1],
    'net_out_bytes_per_hour': ['net_out_bytes', 'net_measured_hours', 1],
} -%}
{%- set peaks = ['cpu_max_pct', 'mem_max_pct', 'disk_max_pct', 'temp_max_celsius', 'rule_level_max'] -%}
{%- set reported = [
    'cpu_busy_hours', 'mem_busy_hours', 'down_hours', 'restarts',
    'low_alerts', 'medium_alerts', 'high_alerts', 'critical_alerts', 'blocked_alerts'
] -%}
{%- set bytes = ['net_in_bytes', 'net_out_bytes'] -%}
{%- set decimals = ['cpu_pct_hours', 'mem_pct_hours', 'disk_pct_hours', 'covered_hours', 'down_minutes'] -%}
{%- set measured = ['cpu_measured_hours', 'mem_measured_hours', 'disk_measured_hours', 'net_measured_hours'] -%}
{%- set counts = measured + reported -%}

{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['feat_device_signals_daily', 'fct_changes', 'fct_ticket_events'],
        days_reach=[1, 31],
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days(days_to_observe()) }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

-- read twice, each time by an index, so it must not be materialised
with signals as not materialized (
    select * from {{ ref('feat_device_signals_daily') }}
),

changes as (
    select * from {{ ref('fct_changes') }}
    where device_key > 0 and not is_bulk
),

ticket_events as (
    select * from {{ ref('fct_ticket_events') }}
    where event_kind = 'created'
),

tickets as (
    select * from {{ ref('fct_tickets') }}
    where device_key > 0
),

vulnerabilities as (
    select * from {{ ref('fct_vulnerabilities') }}
    where device_key > 0
),

known_midnights as (
    {% if is_incremental() %}
        select to_date(to_build.date_key::text, 'YYYYMMDD') as day
        from {{ days_written() }} as to_build
        where to_build.date_key <= {{ date_key(as_of()) }}
    {% else %}
        select midnight.moment::date as day
        from (select min(known_on) as day from signals) as first_known
        cross join
            generate_series(first_known.day::timestamp, {{ utc_date(as_of()) }}::timestamp, interval '1 day')
                as midnight (moment)
    {% endif %}
),

midnights as (
    select *
    from known_midnights
    where {{ has_detail("to_char(day, 'YYYYMMDD')::integer") }}
),

-- the days whose news the midnights look back on
span as (
    select
        min(day) - 29 as first_day,
        max(day) as last_day
    from midnights
),

-- whole numbers, ten-thousandths where there are decimals: added up far faster than numeric
news as (
    select
        device_key,
        known_on,
        {% for decimal in decimals %}
            sum(({{ decimal }} * 10000)::bigint)::bigint as {{ decimal }},
        {% endfor %}
        {% for count in bytes + counts %}
            sum({{ count }})::bigint as {{ count }},
        {% endfor %}
        {% for peak in peaks %}
            max({{ peak }}) as {{ peak }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from signals
    where
        known_on >= (select span.first_day from span)
        and known_on <= (select span.last_day from span)
    group by device_key, known_on
),

-- the thirty days each midnight looks back on, by the window that is the first to reach them
ages as (
    select
        midnights.day,
        midnights.day - age.days as known_on,
        case
            {% for days in windows[:-1] %}
                when age.days < {{ days }} then {{ days }}
            {% endfor %}
            else {{ windows[-1] }}
        end as window_days
    from midnights
    cross join generate_series(0, {{ windows[-1] - 1 }}) as age (days)
),

-- Each midnight adds up what is as old as the first window, the rest of the second and the rest of the third,
-- and not the same days three times. Whom nobody has heard of for thirty days is no longer under observation.
aged as (
    select
        ages.day,
        news.device_key,
        ages.window_days,
        {% for total in decimals + bytes + counts %}
            sum(news.{{ total }})::bigint as {{ total }},
        {% endfor %}
        {% for peak in peaks %}
            max(news.{{ peak }}) as {{ peak }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from news
    inner join ages on news.known_on = ages.known_on
    group by ages.day, news.device_key, ages.window_days
),

observed as (
    select
        day,
        device_key,
        {% for days in windows %}
            {% set recent = 'filter (where window_days <= ' ~ days ~ ')' %}
            {% for name, of_hours in averages.items() %}
                sum({{ of_hours[0] }}) {{ recent }} / nullif({{ of_hours[2] }} * sum({{ of_hours[1] }}) {{ recent }}, 0)
                    as {{ name }}_{{ days }}d,
            {% endfor %}
            {% for peak in peaks %}
                max({{ peak }}) {{ recent }} as {{ peak }}_{{ days }}d,
            {% endfor %}
            {% for count in reported %}
                coalesce(sum({{ count }}) {{ recent }}, 0) as {{ count }}_{{ days }}d,
            {% endfor %}
            coalesce(sum(covered_hours) {{ recent }}, 0) / {{ 240000 * days }} as coverage_{{ days }}d,
            sum(down_minutes) {{ recent }} / 10000 as down_minutes_{{ days }}d{% if not loop.last %},{% endif %}
        {% endfor %}
    from aged
    group by day, device_key
),

devices as (
    select
        known_devices.device_key,
        first_known.known_on as observed_since
    from (select distinct device_key from observed) as known_devices
    cross join
        lateral (
            select min(signals.known_on) as known_on
            from signals
            where known_devices.device_key = signals.device_key
        ) as first_known
),

-- when a ticket became known is not kept; the five minutes of a load are far from an hour
happened as (
    select
        device_key,
        {{ first_midnight('greatest(changed_at, _known_at)') }} as known_on,
        1 as changes,
        0 as tickets
    from changes
    union all
    select
        tickets.device_key,
        {{ first_midnight("ticket_events.event_at + interval '1 hour'") }} as known_on,
        0 as changes,
        1 as tickets
    from ticket_events
    inner join tickets on ticket_events.ticket_key = tickets.ticket_key
),

occurrences as (
    select
        midnights.day,
        happened.device_key,
        {% for days in windows %}
            {% set recent = 'happened.known_on > midnights.day - ' ~ days %}
            coalesce(sum(happened.changes) filter (where {{ recent }}), 0) as changes_{{ days }}d,
            coalesce(sum(happened.tickets) filter (where {{ recent }}), 0)
                as tickets_{{ days }}d{% if not loop.last %},{% endif %}
        {% endfor %}
    from midnights
    inner join happened on happened.known_on > midnights.day - 30 and midnights.day >= happened.known_on
    where happened.known_on >= (select span.first_day from span)
    group by midnights.day, happened.device_key
),

findings as (
    select
        device_key,
        severity_key,
        {{ first_midnight('first_seen_at') }} as known_on,
        {{ first_midnight('end_known_at') }} as end_known_on
    from vulnerabilities
),

vulnerable as (
    select
        midnights.day,
        findings.device_key,
        count(*) filter (where findings.severity_key = 4) as critical_vulnerabilities,
        count(*) filter (where findings.severity_key = 3) as high_vulnerabilities,
        count(*) filter (where findings.severity_key <= 2) as other_vulnerabilities,
        count(*) filter (where findings.known_on > midnights.day - 30) as new_vulnerabilities_30d
    from midnights
    inner join findings
        on
            midnights.day >= findings.known_on
            and (findings.end_known_on is null or midnights.day < findings.end_known_on)
    group by midnights.day, findings.device_key
),

joined as (
    select
        to_char(observed.day, 'YYYYMMDD')::integer as date_key,
        observed.day::timestamp at time zone 'UTC' as as_of,
        observed.device_key,
        devices.observed_since,
        observed.day - devices.observed_since as observed_days,
        {% for days in windows %}
            {% for name in averages %}
                round(observed.{{ name }}_{{ days }}d, 4)::double precision as {{ name }}_{{ days }}d,
            {% endfor %}
            {% for peak in peaks %}
                observed.{{ peak }}_{{ days }}d,
            {% endfor %}
            {% for count in reported %}
                observed.{{ count }}_{{ days }}d::bigint as {{ count }}_{{ days }}d,
            {% endfor %}
            round(observed.coverage_{{ days }}d, 4)::double precision as coverage_{{ days }}d,
            round(observed.down_minutes_{{ days }}d, 4)::double precision as down_minutes_{{ days }}d,
            coalesce(occurrences.changes_{{ days }}d, 0) as changes_{{ days }}d,
            coalesce(occurrences.tickets_{{ days }}d, 0) as tickets_{{ days }}d,
        {% endfor %}
        coalesce(vulnerable.critical_vulnerabilities, 0) as critical_vulnerabilities,
        coalesce(vulnerable.high_vulnerabilities, 0) as high_vulnerabilities,
        coalesce(vulnerable.other_vulnerabilities, 0) as other_vulnerabilities,
        coalesce(vulnerable.new_vulnerabilities_30d, 0) as new_vulnerabilities_30d
    from observed
    inner join devices on observed.device_key = devices.device_key
    left join occurrences
        on observed.day = occurrences.day and observed.device_key = occurrences.device_key
    left join vulnerable
        on observed.day = vulnerable.day and observed.device_key = vulnerable.device_key
)

select * from joined
