with anomaly_scores as (
    select * from {{ source('predictions', 'anomaly_scores') }}
    where is_flagged and device_key > 0 and hour >= {{ alerts_since() }} and as_of <= {{ as_of() }}
),

versions as (
    select * from {{ source('predictions', 'model_versions') }}
),

interfaces as (
    select * from {{ ref('dim_interface') }}
),

crossings as (
    select * from {{ ref('capacity_crossings') }}
    where date_key >= {{ date_key(alerts_since()) }}
),

predictions as (
    select * from {{ ref('incident_predictions') }}
    where is_flagged and as_of >= {{ alerts_since() }}
),

-- the metric that contributed most speaks for the hour, of several interfaces or agents of a device that of the oddest
flagged_hours as (
    select distinct on (model, device_key, hour)
        *,
        factors -> 0 ->> 'metric' as metric,
        factors -> 0 ->> 'value' as value,
        factors -> 0 ->> 'expected' as expected
    from anomaly_scores
    order by model asc, device_key asc, hour asc, score desc, raw_score desc, entity_key asc
),

-- the version says how far apart flags make one alert
anomalies as (
    select
        'anomaly' as alert_type,
        flagged_hours.model,
        flagged_hours.version,
        flagged_hours.device_key,
        flagged_hours.hour as step_at,
        flagged_hours.hour + interval '1 hour' as step_ends_at,
        (coalesce((versions.params ->> 'alert_gap')::integer, 0) + 1) * interval '1 hour' as reach,
        flagged_hours.metric as quantity,
        flagged_hours.expected::numeric as predicted_value,
        flagged_hours.value::numeric as measured_value,
        round(flagged_hours.score::numeric, 6) as confidence,
        flagged_hours.severity,
        flagged_hours.metric || coalesce(' of ' || interfaces.interface_name, '') || ' was ' || flagged_hours.value
        || ' where ' || flagged_hours.expected || ' was expected' as reason,
        flagged_hours.hour + interval '24 hours' as speaks_until,
        {{ anomaly_advice('flagged_hours.metric') }} as recommendation
    from flagged_hours
    left join versions
        on
            flagged_hours.model = versions.model
            and flagged_hours.version = versions.version
    left join interfaces
        on
            flagged_hours.model = 'network_anomaly'
            and flagged_hours.entity_key = interfaces.interface_key
),

-- forecasts come once a day, unless nothing was measured
shortages as (
    select
        'capacity' as alert_type,
        model,
        version,
        device_key,
        first_day::timestamp at time zone 'UTC' as step_at,
        (first_day + 1)::timestamp at time zone 'UTC' as step_ends_at,
        interval '7 days' as reach,
        resource || '_pct' as quantity,
        peak as predicted_value,
        null::numeric as measured_value,
        critical_probability as confidence,
        {{ severity_name('severity_key') }} as severity,
        'at most ' || round(peak, 1) || ' % expected on ' || peak_day as reason,
        (first_day + 30)::timestamp at time zone 'UTC' as speaks_until,
        recommendation
    from crossings
),

likely_incidents as (
    select
        'incident' as alert_type,
        model,
        version,
        device_key,
        as_of as step_at,
        as_of + interval '1 day' as step_ends_at,
        interval '1 day' as reach,
        'incident_probability' as quantity,
        round(probability::numeric, 6) as predicted_value,
        null::numeric as measured_value,
        round(probability::numeric, 6) as confidence,
        level as severity,
        'an incident within seven days has a probability of ' || round(probability::numeric, 2)
        || coalesce(', most likely ' || incident_type, '') as reason,
        as_of + interval '7 days' as speaks_until,
        recommendation
    from predictions
),

steps as (
    select * from anomalies
    union all
    select * from shortages
    union all
    select * from likely_incidents
)

select
    alert_type,
    model,
    version,
    device_key,
    step_at,
    step_ends_at,
    reach,
    quantity,
    predicted_value,
    measured_value,
    confidence,
    case severity when 'critical' then 4 when 'high' then 3 when 'medium' then 2 when 'low' then 1 else 0 end
        as severity_key,
    reason,
    speaks_until,
    recommendation
from steps
