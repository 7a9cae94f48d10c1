{%- set ticket_counts = [
    'tickets_created', 'tickets_closed', 'open_tickets', 'first_response_tickets', 'sla_met', 'sla_broken'
] -%}

with devices as (
    select * from {{ ref('dim_device') }}
    where device_key > 0 and not is_deleted
),

host_days as (
    select * from {{ ref('fct_infrastructure_daily') }}
    where device_key > 0
),

availability_days as (
    select * from {{ ref('fct_site_availability_daily') }}
),

security_days as (
    select * from {{ ref('security_metrics_daily') }}
),

alert_backlog as (
    select * from {{ ref('fct_alert_backlog_daily') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
    where not is_false_positive and not is_duplicate
),

ticket_days as (
    select * from {{ ref('ticket_metrics_daily') }}
    where level = 'customer'
),

site_days as (
    select * from {{ ref('site_health_score_daily') }}
    where health_score is not null
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

reporting as (
    select distinct
        date_key,
        customer_key,
        device_key
    from host_days
),

reported as (
    select
        to_date(date_key::text, 'YYYYMMDD') as date_day,
        customer_key,
        count(*) as reporting_devices
    from reporting
    group by date_key, customer_key
),

available as (
    select
        date_day,
        customer_key,
        sum(up_minutes) as up_minutes,
        sum(down_minutes) as down_minutes,
        sum(outages) as outages
    from availability_days
    group by date_day, customer_key
),

healthy as (
    select
        site_days.date_day,
        site_days.customer_key,
        sum(sites.weight * site_days.health_score) / sum(sites.weight) as site_health_score
    from site_days
    inner join sites on site_days.site_key = sites.site_key
    group by site_days.date_day, site_days.customer_key
),

secured as (
    select
        date_day,
        customer_key,
        sum(alerts) as alerts,
        sum(alerts) filter (where severity_key = 4) as critical_alerts,
        sum(incidents_opened) as incidents_opened
    from security_days
    group by date_day, customer_key
),

waiting as (
    select
        date_day,
        customer_key,
        count(*) as active_alerts,
        count(*) filter (where severity_key = 4) as active_critical_alerts
    from alert_backlog
    group by date_day, customer_key
),

-- an incident is open at the end of the days before that of its resolution
incident_days as (
    select
        incidents.customer_key,
        day.date_day::date as date_day
    from incidents
    cross join lateral generate_series(
        ({{ utc_date('incidents.detected_at') }})::timestamp,
        case
            when incidents.is_open then {{ utc_date(as_of()) }}
            else least({{ utc_date('incidents.resolved_at') }}, {{ utc_date(as_of()) }}) - 1
        end::timestamp,
        interval '1 day'
    ) as day (date_day)
),

opened as (
    select
        date_day,
        customer_key,
        count(*) as open_incidents
    from incident_days
    group by date_day, customer_key
),

served as (
    select
        date_day,
        customer_key,
        created as tickets_created,
        closed as tickets_closed,
        backlog as open_tickets,
        first_response_tickets,
        first_response_avg_hours,
        first_response_p50_hours,
        first_resolution_p50_hours,
        sla_met,
        sla_breached + sla_overdue as sla_broken
    from ticket_days
),

told as (
    select
        date_day,
        customer_key
    from reported
    union
    select
        date_day,
        customer_key
    from available
    union
    select
        date_day,
        customer_key
    from secured
    union
    select
        date_day,
        customer_key
    from waiting
    union
    select
        date_day,
        customer_key
    from opened
    union
    select
        date_day,
        customer_key
    from served
),

-- before its first day a source says nothing, and after its last event the helpdesk neither
spans as (
    select
        min(told.date_day) as first_day,
        greatest(max(told.date_day), {{ utc_date(as_of()) }}) as last_day,
        min(secured.date_day) filter (where secured.alerts > 0) as first_alert_day,
        min(served.date_day) as first_ticket_day,
        max(served.date_day) as last_ticket_day
    from told
    left join secured on told.date_day = secured.date_day and told.customer_key = secured.customer_key
    left join served on told.date_day = served.date_day and told.customer_key = served.customer_key
),

-- who owned how many devices at the end of a day: what began until then less what ended
movements as (
    select
        devices.customer_key,
        greatest({{ utc_date('devices.valid_from') }}, spans.first_day) as date_day,
        1 as devices
    from devices
    cross join spans
    where {{ utc_date('devices.valid_from') }} <= {{ utc_date(as_of()) }}
    union all
    select
        devices.customer_key,
        greatest({{ utc_date('devices.valid_to') }}, spans.first_day) as date_day,
        -1 as devices
    from devices
    cross join spans
    where {{ utc_date('devices.valid_to') }} <= {{ utc_date(as_of()) }}
),

moved as (
    select
        customer_key,
        date_day,
        sum(devices) as devices
    from movements
    group by customer_key, date_day
),

owners as (
    select
        moved.customer_key,
        generate_series(min(moved.date_day)::timestamp, spans.last_day::timestamp, interval '1 day')::date as date_day
    from moved
    cross join spans
    group by moved.customer_key, spans.last_day
),

owned as (
    select
        owners.customer_key,
        owners.date_day,
        sum(moved.devices) over (
            partition by owners.customer_key
            order by owners.date_day
            rows between unbounded preceding and current row
        ) as devices
    from owners
    left join moved on owners.customer_key = moved.customer_key and owners.date_day = moved.date_day
),

slices as (
    select
        date_day,
        customer_key
    from told
    union
    select
        date_day,
        customer_key
    from owned
    where devices > 0 and date_day <= {{ utc_date(as_of()) }}
),

joined as (
    select
        to_char(slices.date_day, 'YYYYMMDD')::integer as date_key,
        slices.date_day,
        slices.date_day = {{ utc_date(as_of()) }} as is_latest,
        slices.customer_key,
        customers.customer_name,
        coalesce(owned.devices, 0)::bigint as devices,
        coalesce(reported.reporting_devices, 0) as reporting_devices,
        available.up_minutes,
        available.down_minutes,
        round(100 * available.up_minutes / nullif(available.up_minutes + available.down_minutes, 0), 4)::numeric(7, 4)
            as availability_pct,
        available.outages::bigint as outages,
        round(healthy.site_health_score, 4)::numeric(7, 4) as site_health_score,
        case when slices.date_day >= spans.first_alert_day then coalesce(secured.alerts, 0) end::bigint as alerts,
        case when slices.date_day >= spans.first_alert_day then coalesce(secured.critical_alerts, 0) end::bigint
            as critical_alerts,
        case when slices.date_day >= {{ backlog_kept_from() }} then coalesce(waiting.active_alerts, 0) end
            as active_alerts,
        case when slices.date_day >= {{ backlog_kept_from() }} then coalesce(waiting.active_critical_alerts, 0) end
            as active_critical_alerts,
        coalesce(secured.incidents_opened, 0)::bigint as incidents_opened,
        coalesce(opened.open_incidents, 0) as open_incidents,
        {% for count in ticket_counts %}
            case
                when slices.date_day between spans.first_ticket_day and spans.last_ticket_day
                    then coalesce(served.{{ count }}, 0)
            end as {{ count }},
        {% endfor %}
        served.first_response_avg_hours,
        served.first_response_p50_hours,
        served.first_resolution_p50_hours,
        round(100.0 * served.sla_met / nullif(served.sla_met + served.sla_broken, 0), 4)::numeric(7, 4)
            as sla_compliance_pct
    from slices
    cross join spans
    left join owned on slices.date_day = owned.date_day and slices.customer_key = owned.customer_key
    left join reported on slices.date_day = reported.date_day and slices.customer_key = reported.customer_key
    left join available on slices.date_day = available.date_day and slices.customer_key = available.customer_key
    left join healthy on slices.date_day = healthy.date_day and slices.customer_key = healthy.customer_key
    left join secured on slices.date_day = secured.date_day and slices.customer_key = secured.customer_key
    left join waiting on slices.date_day = waiting.date_day and slices.customer_key = waiting.customer_key
    left join opened on slices.date_day = opened.date_day and slices.customer_key = opened.customer_key
    left join served on slices.date_day = served.date_day and slices.customer_key = served.customer_key
    left join customers on slices.customer_key = customers.customer_key
)

select * from joined
