{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=['fct_infrastructure_daily', 'fct_security_alerts_daily'],
        is_read_by_day=true,
        is_made_of_detail=true,
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}, {'columns': ['known_on']}, {'columns': ['device_key', 'known_on']}]
    )
}}

-- depends_on: {{ ref('fct_infrastructure_daily') }}, whose days tell which hours changed
-- depends_on: {{ ref('fct_security_alerts_daily') }}, whose days tell which alerts changed

with host_hours as (
    select
        *,
        {{ first_midnight("greatest(hour + interval '1 hour', _known_at)") }} as known_on
    from {{ ref('fct_infrastructure') }}
    where device_key > 0 and {{ has_detail('date_key') }} and {{ between_changed_days() }} and {{ in_changed_days() }}
),

alerts as (
    select
        *,
        {{ first_midnight('greatest(event_at, _known_at)') }} as known_on
    from {{ ref('fct_security_alerts') }}
    where device_key > 0 and {{ has_detail('date_key') }} and {{ between_changed_days() }} and {{ in_changed_days() }}
),

measured as (
    select
        device_key,
        date_key,
        known_on,
        count(*) as device_hours,
        (sum({{ fixed_point('coverage') }}) / 10000)::numeric(20, 4) as covered_hours,
        count(up_minutes) as up_measured_hours,
        (sum({{ fixed_point('coverage * (60 - up_minutes)') }}) / 10000)::numeric(20, 4) as down_minutes,
        count(*) filter (where up_minutes < 60) as down_hours,
        count(*) filter (where uptime_hours < 1) as restarts,
        count(cpu_avg_pct) as cpu_measured_hours,
        (sum({{ fixed_point('cpu_avg_pct') }}) / 10000)::numeric(20, 4) as cpu_pct_hours,
        count(*) filter (where cpu_avg_pct >= 90) as cpu_busy_hours,
        max(cpu_max_pct) as cpu_max_pct,
        count(mem_avg_pct) as mem_measured_hours,
        (sum({{ fixed_point('mem_avg_pct') }}) / 10000)::numeric(20, 4) as mem_pct_hours,
        count(*) filter (where mem_avg_pct >= 90) as mem_busy_hours,
        max(mem_max_pct) as mem_max_pct,
        count(disk_used_pct) as disk_measured_hours,
        (sum({{ fixed_point('disk_used_pct') }}) / 10000)::numeric(20, 4) as disk_pct_hours,
        max(disk_used_pct) as disk_max_pct,
        count(net_in_bytes + net_out_bytes) as net_measured_hours,
        sum(net_in_bytes)::numeric(24, 0) as net_in_bytes,
        sum(net_out_bytes)::numeric(24, 0) as net_out_bytes,
        max(temp_max_celsius) as temp_max_celsius
    from host_hours
    group by device_key, date_key, known_on
),

raised as (
    select
        device_key,
        date_key,
        known_on,
        count(*) filter (where severity_key <= 1) as low_alerts,
        count(*) filter (where severity_key = 2) as medium_alerts,
        count(*) filter (where severity_key = 3) as high_alerts,
        count(*) filter (where severity_key = 4) as critical_alerts,
        count(*) filter (where is_blocked) as blocked_alerts,
        max(rule_level) as rule_level_max
    from alerts
    group by device_key, date_key, known_on
),

joined as (
    select
        coalesce(measured.device_key, raised.device_key) as device_key,
        coalesce(measured.date_key, raised.date_key) as date_key,
        coalesce(measured.known_on, raised.known_on) as known_on,
        coalesce(measured.device_hours, 0) as device_hours,
        coalesce(measured.covered_hours, 0)::numeric(20, 4) as covered_hours,
        coalesce(measured.up_measured_hours, 0) as up_measured_hours,
        measured.down_minutes,
        coalesce(measured.down_hours, 0) as down_hours,
        coalesce(measured.restarts, 0) as restarts,
        coalesce(measured.cpu_measured_hours, 0) as cpu_measured_hours,
        measured.cpu_pct_hours,
        coalesce(measured.cpu_busy_hours, 0) as cpu_busy_hours,
        measured.cpu_max_pct,
        coalesce(measured.mem_measured_hours, 0) as mem_measured_hours,
        measured.mem_pct_hours,
        coalesce(measured.mem_busy_hours, 0) as mem_busy_hours,
        measured.mem_max_pct,
        coalesce(measured.disk_measured_hours, 0) as disk_measured_hours,
        measured.disk_pct_hours,
        measured.disk_max_pct,
        coalesce(measured.net_measured_hours, 0) as net_measured_hours,
        measured.net_in_bytes,
        measured.net_out_bytes,
        measured.temp_max_celsius,
        coalesce(raised.low_alerts, 0) as low_alerts,
        coalesce(raised.medium_alerts, 0) as medium_alerts,
        coalesce(raised.high_alerts, 0) as high_alerts,
        coalesce(raised.critical_alerts, 0) as critical_alerts,
        coalesce(raised.blocked_alerts, 0) as blocked_alerts,
        raised.rule_level_max
    from measured
    full join raised
        on
            measured.device_key = raised.device_key
            and measured.date_key = raised.date_key
            and measured.known_on = raised.known_on
)

select * from joined
