{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        unique_key='date_key',
        days_of=[
            'fct_infrastructure_daily', 'fct_expected_hours_daily', 'fct_infrastructure_percentiles_daily',
            'fct_security_alerts_daily', 'prediction_outcomes', 'incident_outcomes'
        ],
        is_read_by_day=true,
        told_by=[
            'site_key', 'customer_key', 'incident_scored_devices', 'incident_devices_expected',
            'incident_warnings', 'security_incident_warnings'
        ],
        names_of={'site_name': 'dim_site.site_name', 'customer_name': 'dim_customer.customer_name'},
        pre_hook='{{ forget_changed_days() }}',
        indexes=[{'columns': ['date_key']}]
    )
}}

with host_days as (
    select * from {{ ref('fct_infrastructure_daily') }}
    where {{ in_changed_days() }}
),

expected as (
    select * from {{ ref('fct_expected_hours_daily') }}
    where {{ in_changed_days() }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

outcomes as (
    select * from {{ ref('prediction_outcomes') }}
    where model = 'infrastructure_anomaly' and {{ in_changed_days() }}
),

incident_outcomes as (
    select * from {{ ref('incident_outcomes') }}
    where is_scored and {{ in_changed_days() }}
),

percentiles as (
    select * from {{ ref('fct_infrastructure_percentiles_daily') }}
    where level = 'role' and {{ in_changed_days() }}
),

critical_alerts as (
    select * from {{ ref('fct_security_alerts_daily') }}
    where severity_key = 4 and {{ in_changed_days() }}
),

measured as (
    select
        date_key,
        site_key,
        role_name,
        customer_key,
        count(distinct device_key) as reporting_devices,
        sum(device_hours)::bigint as device_hours,
        sum(covered_hours) as covered_hours,
        sum(up_measured_hours) as up_measured_hours,
        sum(up_minutes) as up_minutes,
        sum(cpu_measured_hours) as cpu_measured_hours,
        sum(cpu_pct_hours) as cpu_pct_hours,
        max(cpu_max_pct) as cpu_max_pct,
        sum(mem_measured_hours) as mem_measured_hours,
        sum(mem_pct_hours) as mem_pct_hours,
        max(mem_max_pct) as mem_max_pct,
        sum(disk_measured_hours) as disk_measured_hours,
        sum(disk_pct_hours) as disk_pct_hours,
        max(disk_max_pct) as disk_max_pct,
        sum(net_in_bytes) as net_in_bytes,
        sum(net_out_bytes) as net_out_bytes,
        max(temp_max_celsius) as temp_max_celsius,
        sum(energy_kwh) as energy_kwh
    from host_days
    group by date_key, site_key, role_name, customer_key
),

placed_outcomes as (
    select
        outcomes.date_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.role_name, 'unknown') as role_name,
        coalesce(devices.customer_key, -1) as customer_key,
        outcomes.is_scored,
        outcomes.is_flagged,
        outcomes.outcome
    from outcomes
    left join devices
        on
            outcomes.device_key = devices.device_key
            and outcomes.hour >= devices.valid_from
            and outcomes.hour < devices.valid_to
),

predicted as (
    select
        date_key,
        site_key,
        role_name,
        customer_key,
        count(*) filter (where is_scored) as scored_device_hours,
        count(*) filter (where is_flagged) as anomalies,
        count(*) filter (where is_flagged and outcome = 'hit') as anomaly_hits,
        count(*) filter (where is_flagged and outcome = 'false_alarm') as anomaly_false_alarms
    from placed_outcomes
    group by date_key, site_key, role_name, customer_key
),

-- under whose device it was at the midnight it was said for
incidents_expected as (
    select
        incident_outcomes.date_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.role_name, 'unknown') as role_name,
        coalesce(devices.customer_key, -1) as customer_key,
        count(*) as scored_devices,
        sum({{ fixed_point('incident_outcomes.probability') }}) / 10000 as devices_expected,
        count(*) filter (where incident_outcomes.is_flagged) as warnings,
        count(*) filter (where incident_outcomes.is_flagged and incident_outcomes.incident_type = 'security')
            as security_warnings,
        count(*) filter (where incident_outcomes.outcome = 'hit') as hits,
        count(*) filter (where incident_outcomes.outcome = 'false_alarm') as false_alarms
    from incident_outcomes
    left join devices
        on
            incident_outcomes.device_key = devices.device_key
            and incident_outcomes.as_of >= devices.valid_from
            and incident_outcomes.as_of < devices.valid_to
    group by
        incident_outcomes.date_key,
        coalesce(devices.site_key, -1),
        coalesce(devices.role_name, 'unknown'),
        coalesce(devices.customer_key, -1)
),

-- alerts without a device have a customer at most
alerted as (
    select
        critical_alerts.date_key,
        critical_alerts.site_key,
        coalesce(devices.role_name, 'unknown') as role_name,
        critical_alerts.customer_key,
        sum(critical_alerts.alerts)::bigint as critical_alerts
    from critical_alerts
    left join devices on critical_alerts.device_version_key = devices.device_version_key
    group by
        critical_alerts.date_key,
        critical_alerts.site_key,
        coalesce(devices.role_name, 'unknown'),
        critical_alerts.customer_key
),

slices as (
    select
        date_key,
        site_key,
        role_name,
        customer_key
    from expected
    union
    select
        date_key,
        site_key,
        role_name,
        customer_key
    from measured
    union
    select
        date_key,
        site_key,
        role_name,
        customer_key
    from predicted
    union
    select
        date_key,
        site_key,
        role_name,
        customer_key
    from alerted
    union
    select
        date_key,
        site_key,
        role_name,
        customer_key
    from incidents_expected
),

joined as (
    select
        slices.date_key,
        to_date(slices.date_key::text, 'YYYYMMDD') as date_day,
        slices.site_key,
        sites.site_name,
        slices.role_name,
        slices.customer_key,
        customers.customer_name,
        coalesce(expected.devices, 0) as devices,
        coalesce(measured.reporting_devices, 0) as reporting_devices,
        coalesce(measured.device_hours, 0) as device_hours,
        coalesce(expected.expected_device_hours, 0) as expected_device_hours,
        round(100 * coalesce(measured.covered_hours, 0) / nullif(expected.expected_device_hours, 0), 4)
            as coverage_pct,
        round(100 * measured.up_minutes / nullif(60 * measured.up_measured_hours, 0), 4) as availability_pct,
        round(measured.cpu_pct_hours / nullif(measured.cpu_measured_hours, 0), 4) as cpu_avg_pct,
        percentiles.cpu_p95_pct,
        round(measured.cpu_max_pct::numeric, 4) as cpu_max_pct,
        round(measured.mem_pct_hours / nullif(measured.mem_measured_hours, 0), 4) as mem_avg_pct,
        percentiles.mem_p95_pct,
        round(measured.mem_max_pct::numeric, 4) as mem_max_pct,
        round(measured.disk_pct_hours / nullif(measured.disk_measured_hours, 0), 4) as disk_avg_pct,
        percentiles.disk_p95_pct,
        round(measured.disk_max_pct::numeric, 4) as disk_max_pct,
        measured.net_in_bytes,
        measured.net_out_bytes,
        round(measured.temp_max_celsius::numeric, 2) as temp_max_celsius,
        round(measured.energy_kwh, 4) as energy_kwh,
        coalesce(alerted.critical_alerts, 0) as critical_alerts,
        coalesce(predicted.scored_device_hours, 0) as scored_device_hours,
        coalesce(predicted.anomalies, 0) as anomalies,
        round(100 * predicted.anomalies::numeric / nullif(predicted.scored_device_hours, 0), 4) as anomaly_rate_pct,
        coalesce(predicted.anomaly_hits, 0) as anomaly_hits,
        coalesce(predicted.anomaly_false_alarms, 0) as anomaly_false_alarms,
        coalesce(incidents_expected.scored_devices, 0) as incident_scored_devices,
        round(incidents_expected.devices_expected, 4) as incident_devices_expected,
        coalesce(incidents_expected.warnings, 0) as incident_warnings,
        coalesce(incidents_expected.security_warnings, 0) as security_incident_warnings,
        coalesce(incidents_expected.hits, 0) as incident_hits,
        coalesce(incidents_expected.false_alarms, 0) as incident_false_alarms
    from slices
    left join expected
        on
            slices.date_key = expected.date_key
            and slices.site_key = expected.site_key
            and slices.role_name = expected.role_name
            and slices.customer_key = expected.customer_key
    left join measured
        on
            slices.date_key = measured.date_key
            and slices.site_key = measured.site_key
            and slices.role_name = measured.role_name
            and slices.customer_key = measured.customer_key
    left join percentiles
        on
            slices.date_key = percentiles.date_key
            and slices.site_key = percentiles.site_key
            and slices.role_name = percentiles.role_name
            and slices.customer_key = percentiles.customer_key
    left join alerted
        on
            slices.date_key = alerted.date_key
            and slices.site_key = alerted.site_key
            and slices.role_name = alerted.role_name
            and slices.customer_key = alerted.customer_key
    left join predicted
        on
            slices.date_key = predicted.date_key
            and slices.site_key = predicted.site_key
            and slices.role_name = predicted.role_name
            and slices.customer_key = predicted.customer_key
    left join incidents_expected
        on
            slices.date_key = incidents_expected.date_key
            and slices.site_key = incidents_expected.site_key
            and slices.role_name = incidents_expected.role_name
            and slices.customer_key = incidents_expected.customer_key
    left join sites on slices.site_key = sites.site_key and sites.is_current
    left join customers on slices.customer_key = customers.customer_key and customers.is_current
)

select * from joined
