-- the feed has as many events of each kind of thing as the facts have in its fourteen days
{%- set recent = 'between ' ~ as_of() ~ " - interval '14 days' + interval '1 microsecond' and " ~ as_of() %}
with expected as (
    select
        'ticket' as item_kind,
        count(*) as events
    from {{ ref('fct_ticket_events') }}
    where event_kind in ('created', 'closed', 'reopened') and event_at {{ recent }}
    union all
    select
        'incident' as item_kind,
        count(*) filter (where detected_at {{ recent }}) + count(*) filter (where resolved_at {{ recent }}) as events
    from {{ ref('fct_incidents') }}
    union all
    select
        'alert' as item_kind,
        count(*) as events
    from {{ ref('fct_security_alerts') }}
    where severity_key = 4 and event_at {{ recent }}
    union all
    select
        'outage' as item_kind,
        count(*) filter (where started_at {{ recent }}) + count(*) filter (where ended_at {{ recent }}) as events
    from {{ ref('fct_device_outages') }}
    union all
    select
        'change' as item_kind,
        count(*) as events
    from {{ ref('fct_changes') }}
    where not is_bulk and changed_at {{ recent }}
),

told as (
    select
        item_kind,
        count(*) as events
    from {{ ref('activity_feed') }}
    group by item_kind
),

compared as (
    select
        expected.item_kind,
        expected.events,
        coalesce(told.events, 0) as events_told
    from expected
    left join told on expected.item_kind = told.item_kind
)

select * from compared
where events <> events_told
