{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_changes', 'fct_incidents', 'fct_infrastructure_daily'],
        days_reach=1,
        names_of={'device_name': 'dim_device.device_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

-- depends_on: {{ ref('fct_infrastructure_daily') }}, whose days tell which hours changed

with changes as (
    select * from {{ ref('fct_changes') }}
    where device_key > 0 and {{ in_changed_days() }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
    where not is_false_positive and not is_duplicate
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current
),

-- An import changes what the inventory says, not what a device does. A device that moves on a day
-- has a row for each of its customers, in which nothing of the other's time shows.
device_days as (
    select
        date_key,
        device_key,
        customer_key,
        count(*) as all_changes,
        count(*) filter (where not is_bulk) as changes,
        count(*) filter (where not is_bulk and is_due) as due_changes,
        count(*) filter (where not is_bulk and is_due and has_incident_within_24h) as failed_changes,
        min(changed_at) filter (where not is_bulk) as first_changed_at,
        max(changed_at) filter (where not is_bulk) as last_changed_at,
        (array_agg(site_key order by changed_at desc, change_key asc))[1] as site_key
    from changes
    group by date_key, device_key, customer_key
),

-- the UTC days whose hours lie around the changes
days_around as (
    select
        device_days.*,
        to_char(to_date(device_days.date_key::text, 'YYYYMMDD') + shift.days, 'YYYYMMDD')::integer as hour_date_key
    from device_days
    cross join generate_series(-1, 1) as shift (days)
    where device_days.changes > 0
),

host_hours as (
    select *
    from {{ ref('fct_infrastructure') }}
    where
        date_key >= {{ kept_from('keep_detail_months') }}
        and date_key = any(array(select days_around.hour_date_key from days_around))
),

-- whole hours within the 24 before the first change and the 24 after the last
compared as (
    select
        days_around.date_key,
        days_around.device_key,
        days_around.customer_key,
        host_hours.hour < days_around.first_changed_at as is_before,
        host_hours.cpu_avg_pct,
        host_hours.mem_avg_pct,
        case when host_hours.up_minutes is not null then host_hours.coverage * 60 end as measured_minutes,
        host_hours.coverage * host_hours.up_minutes as up_minutes
    from days_around
    inner join host_hours
        on
            days_around.hour_date_key = host_hours.date_key
            and days_around.device_key = host_hours.device_key
            and days_around.customer_key = host_hours.customer_key
            and (
                (
                    host_hours.hour >= days_around.first_changed_at - interval '24 hours'
                    and host_hours.hour <= days_around.first_changed_at - interval '1 hour'
                )
                or (
                    days_around.last_changed_at <= host_hours.hour
                    and host_hours.hour <= days_around.last_changed_at + interval '23 hours'
                )
            )
),

measured as (
    select
        date_key,
        device_key,
        customer_key,
        {% for name, condition in [('before', 'is_before'), ('after', 'not is_before')] %}
            round(
                sum({{ fixed_point('cpu_avg_pct') }}) filter (where {{ condition }}) / 10000
                / nullif(count(cpu_avg_pct) filter (where {{ condition }}), 0), 4
            ) as cpu_avg_pct_{{ name }},
            round(
                sum({{ fixed_point('mem_avg_pct') }}) filter (where {{ condition }}) / 10000
                / nullif(count(mem_avg_pct) filter (where {{ condition }}), 0), 4
            ) as mem_avg_pct_{{ name }},
            round(
                100 * sum({{ fixed_point('up_minutes') }}) filter (where {{ condition }})
                / nullif(sum({{ fixed_point('measured_minutes') }}) filter (where {{ condition }}), 0), 4
            ) as availability_pct_{{ name }}{% if not loop.last %},{% endif %}
        {% endfor %}
    from compared
    group by date_key, device_key, customer_key
),

hit as (
    select
        device_days.date_key,
        device_days.device_key,
        device_days.customer_key,
        count(*) filter (where incidents.occurred_at < device_days.first_changed_at) as incidents_before,
        count(*) filter (where incidents.occurred_at >= device_days.last_changed_at) as incidents_after
    from device_days
    inner join incidents
        on
            device_days.device_key = incidents.device_key
            and device_days.customer_key = incidents.customer_key
            and incidents.occurred_at >= device_days.first_changed_at - interval '24 hours'
            and incidents.occurred_at < device_days.last_changed_at + interval '24 hours'
    group by device_days.date_key, device_days.device_key, device_days.customer_key
),

final as (
    select
        device_days.date_key,
        to_date(device_days.date_key::text, 'YYYYMMDD') as date_day,
        device_days.customer_key,
        device_days.site_key,
        device_days.device_key,
        devices.device_name,
        device_days.changes,
        device_days.all_changes - device_days.changes as bulk_changes,
        device_days.due_changes,
        device_days.failed_changes,
        round(100 * device_days.failed_changes::numeric / nullif(device_days.due_changes, 0), 4)
            as change_failure_pct,
        coalesce(hit.incidents_before, 0) as incidents_24h_before,
        coalesce(hit.incidents_after, 0) as incidents_24h_after,
        measured.cpu_avg_pct_before,
        measured.cpu_avg_pct_after,
        measured.mem_avg_pct_before,
        measured.mem_avg_pct_after,
        measured.availability_pct_before,
        measured.availability_pct_after
    from device_days
    left join measured
        on
            device_days.date_key = measured.date_key
            and device_days.device_key = measured.device_key
            and device_days.customer_key = measured.customer_key
    left join hit
        on
            device_days.date_key = hit.date_key
            and device_days.device_key = hit.device_key
            and device_days.customer_key = hit.customer_key
    left join devices on device_days.device_key = devices.device_key
)

select * from final
