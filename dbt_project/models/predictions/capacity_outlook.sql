with forecasts as (
    select
        *,
        case when resource <> 'net' then {{ var('capacity_warn_pct') }} end as warn_at,
        case when resource <> 'net' then {{ var('capacity_critical_pct') }} end as critical_at
    from {{ source('predictions', 'forecasts') }}
    where as_of <= {{ as_of() }}
),

-- days are counted from the last one that was measured, the day before the first forecast
outlooks as (
    select
        model,
        version,
        resource,
        device_key,
        first_day,
        min(not_scored_reason) as not_scored_reason,
        max(yhat) as peak,
        -- all in one order, near that of the key, so that the rows are sorted once and fast
        array_agg(ds order by ds) as days,
        array_agg(yhat order by ds) as yhats,
        array_agg(yhat_upper_95 order by ds) as uppers_95,
        {% for level in ['warn', 'critical'] %}
            {{ days_until('yhat_upper_80', level ~ '_at') }} as days_to_{{ level }}_p10,
            {{ days_until('yhat', level ~ '_at') }} as days_to_{{ level }}_p50,
            {{ days_until('yhat_lower_80', level ~ '_at') }} as days_to_{{ level }}_p90,
        {% endfor %}
        max({{ probability_of_reaching('critical_at') }}) as critical_probability,
        max(warn_at) as warn_at,
        max(critical_at) as critical_at
    from forecasts
    group by model, version, resource, device_key, first_day
),

told as (
    select
        *,
        days[array_position(yhats, peak)] as day_of_highest,
        yhats[cardinality(yhats)] as last_yhat,
        uppers_95[cardinality(uppers_95)] as last_upper_95
    from outlooks
),

final as (
    select
        model,
        version,
        resource,
        device_key,
        first_day,
        not_scored_reason,
        round(peak::numeric, 4) as peak,
        case when peak is not null then day_of_highest end as peak_day,
        round(last_yhat::numeric, 4) as last_yhat,
        round(last_upper_95::numeric, 4) as last_upper_95,
        days_to_warn_p10,
        days_to_warn_p50,
        days_to_warn_p90,
        days_to_critical_p10,
        days_to_critical_p50,
        days_to_critical_p90,
        round(critical_probability::numeric, 4) as critical_probability,
        case
            when not_scored_reason is not null then not_scored_reason
            when resource = 'net'
                then 'no limit known: at most ' || round(peak::numeric, 1) || ' Mbit/s expected on ' || day_of_highest
            when days_to_critical_p50 is not null
                then
                    'upgrade: ' || critical_at || ' % expected in ' || days_to_critical_p50 || ' days, '
                    || coalesce('by ' || days_to_critical_p90 || ' days almost certain', 'not certain within 30 days')
            when days_to_critical_p10 is not null
                then
                    'plan upgrade: ' || critical_at || ' % possible in ' || days_to_critical_p10
                    || ' days, at most ' || round(peak::numeric, 1) || ' % expected'
            when days_to_warn_p50 is not null
                then
                    'plan upgrade: ' || warn_at || ' % expected in ' || days_to_warn_p50
                    || ' days, at most ' || round(peak::numeric, 1) || ' % expected'
            else 'keep: at most ' || round(peak::numeric, 1) || ' % expected on ' || day_of_highest
        end as recommendation
    from told
)

select * from final
