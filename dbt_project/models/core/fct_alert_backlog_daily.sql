with alerts as (
    select * from {{ ref('fct_security_alerts') }}
    where severity_key in (3, 4)
),

incidents as (
    select * from {{ ref('fct_incidents') }}
    where severity_key in (3, 4) and not is_false_positive and not is_duplicate
),

-- what nobody acts upon within seven days is no longer waited for
judged_alerts as (
    select
        'alert' as item_kind,
        alert_key as item_key,
        severity_key,
        severity,
        device_key,
        site_key,
        customer_key,
        event_at as began_at,
        least(
            case when is_responded then least(response_at, imported_at, ticket_opened_at) end,
            case
                when disposition not in ('not forwarded', 'untriaged', 'undecided')
                    then coalesce(triaged_at, imported_at, event_at)
            end
        ) as ended_at,
        event_at + interval '7 days' as forgotten_at
    from alerts
),

noticed_incidents as (
    select
        'incident' as item_kind,
        incident_key as item_key,
        severity_key,
        severity,
        device_key,
        site_key,
        customer_key,
        detected_at as began_at,
        resolved_at as ended_at,
        null::timestamptz as forgotten_at
    from incidents
),

items as (
    select * from judged_alerts
    union all
    select * from noticed_incidents
),

item_days as (
    select
        items.*,
        day.date_day::date as date_day,
        least((day.date_day::date + 1)::timestamp at time zone 'UTC', {{ as_of() }}) as day_end
    from items
    cross join lateral generate_series(
        ({{ utc_date('items.began_at') }})::timestamp,
        ({{ utc_date('least(items.ended_at, items.forgotten_at, ' ~ as_of() ~ ')') }})::timestamp,
        interval '1 day'
    ) as day (date_day)
),

-- what ends at 24:00 waited until then; as of now whatever has ended waits no more
waiting as (
    select
        to_char(date_day, 'YYYYMMDD')::integer as date_key,
        date_day,
        item_kind,
        item_key,
        severity_key,
        severity,
        device_key,
        site_key,
        customer_key,
        began_at
    from item_days
    where
        date_day >= {{ backlog_kept_from() }}
        and (ended_at is null or (ended_at >= day_end and day_end < {{ as_of() }}))
        and (forgotten_at is null or forgotten_at > day_end)
)

select * from waiting
