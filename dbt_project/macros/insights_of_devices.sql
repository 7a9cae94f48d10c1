{% macro insights_of_capacity() -%}
    {#- What runs full within thirty days, of the CTE outlooks. -#}
    select
        'capacity' as insight_kind,
        case
            when days_to_critical_p50 <= 7 then 4
            when days_to_critical_p50 is not null then 3
            else 2
        end as severity_key,
        customer_key,
        'device' as entity_kind,
        device_key as entity_key,
        device_name as entity_name,
        resource as subject,
        {{ resource_name() }} || ' runs short' as title,
        {{ resource_name() }} || ' of ' || device_name
        || case
            when days_to_critical_p50 is not null
                then ' is expected to reach {{ var('capacity_critical_pct') }} % in ' || {{ counted('days_to_critical_p50', 'day') }}
            when days_to_critical_p10 is not null
                then ' may reach {{ var('capacity_critical_pct') }} % in ' || {{ counted('days_to_critical_p10', 'day') }}
            else ' is expected to reach {{ var('capacity_warn_pct') }} % in ' || {{ counted('days_to_warn_p50', 'day') }}
        end
        || ', counted from ' || (first_day - 1) || '; at most ' || {{ rounded('peak', 1) }} || ' % are expected, on '
        || peak_day || ' (30 days forecast).' as message,
        recommendation,
        peak as insight_value,
        null::numeric as value_before,
        peak as size,
        first_day as from_date,
        first_day + 29 as until_date,
        'marts.capacity_forecast_current' as told_by
    from outlooks
{%- endmacro %}

{% macro insights_of_predictions() -%}
    {#- Where an incident is to be expected, of the CTEs newest_predictions and devices. -#}
    select
        'incident expected' as insight_kind,
        case predictions.level when 'critical' then 4 when 'high' then 3 when 'medium' then 2 else 1 end as severity_key,
        devices.customer_key,
        'device' as entity_kind,
        devices.device_key as entity_key,
        devices.device_name as entity_name,
        coalesce(predictions.incident_type, 'any') as subject,
        'An incident is to be expected' as title,
        'An incident of ' || devices.device_name || ' has a probability of '
        || {{ rounded('100 * predictions.probability', 1) }} || ' % in the 7 days from '
        || {{ utc_date('predictions.as_of') }}
        || coalesce(', most likely of the type ' || predictions.incident_type, '') || '.' as message,
        predictions.recommendation,
        100 * predictions.probability::numeric as insight_value,
        null::numeric as value_before,
        predictions.probability as size,
        {{ utc_date('predictions.as_of') }} as from_date,
        {{ utc_date('predictions.as_of') }} + 6 as until_date,
        'predictions.incident_predictions' as told_by
    from newest_predictions as predictions
    inner join devices on predictions.device_key = devices.device_key
    where predictions.is_flagged
{%- endmacro %}

{% macro insights_of_anomalies() -%}
    {#- Which devices behaved unusually, of the CTEs score_days and devices. -#}
    select
        'anomalies' as insight_kind,
        2 as severity_key,
        devices.customer_key,
        'device' as entity_kind,
        devices.device_key as entity_key,
        devices.device_name as entity_name,
        '' as subject,
        'Unusual hours' as title,
        devices.device_name || ' behaved unusually in ' || count(*) filter (where score_days.is_flagged) || ' of '
        || {{ counted('count(*)', 'hour') }} || ' looked at in the 7 days up to ' || {{ last_day() }} || '.' as message,
        null as recommendation,
        count(*) filter (where score_days.is_flagged) as insight_value,
        null::numeric as value_before,
        count(*) filter (where score_days.is_flagged) as size,
        {{ last_day() }} - 6 as from_date,
        {{ last_day() }} as until_date,
        'predictions.prediction_outcomes' as told_by
    from score_days
    inner join devices on score_days.device_key = devices.device_key
    group by devices.customer_key, devices.device_key, devices.device_name
    having count(*) filter (where score_days.is_flagged) > 0
{%- endmacro %}

{% macro resource_name() -%}
    case resource when 'cpu' then 'Processor' when 'mem' then 'Memory' when 'disk' then 'Disk' end
{%- endmacro %}
