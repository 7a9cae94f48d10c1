with event_hours as (
    select * from {{ ref('fct_interface_event_hours') }}
),

-- hours of one kind that follow each other are one event, which belongs to whom it began with
numbered as (
    select
        *,
        hour - interval '1 hour' * row_number() over (
            partition by host, interface_name, kind order by hour
        ) as event_number
    from event_hours
),

events as (
    select
        {{ surrogate_key('network_event', [
            'host', 'interface_name', 'kind', "extract(epoch from min(hour))::bigint"
        ]) }} as network_event_key,
        host,
        interface_name,
        kind,
        (array_agg(interface_key order by hour))[1] as interface_key,
        (array_agg(device_key order by hour))[1] as device_key,
        (array_agg(device_version_key order by hour))[1] as device_version_key,
        (array_agg(site_key order by hour))[1] as site_key,
        (array_agg(customer_key order by hour))[1] as customer_key,
        min(hour) as first_hour,
        max(hour) as last_hour,
        count(*) as event_hours,
        (array_agg(value order by hour))[1] as first_value,
        (array_agg(value order by hour desc))[1] as last_value,
        case kind when 'saturation' then max(value) else sum(value) end as value
    from numbered
    group by host, interface_name, kind, event_number
),

-- of a link we know how many minutes of an hour it was down: they lie beside the next hour's
placed as (
    select
        *,
        case
            when kind = 'link_down' and event_hours > 1
                then first_hour + interval '1 hour' - interval '1 minute' * first_value
            else first_hour
        end as started_at,
        case
            when kind = 'link_down' then last_hour + interval '1 minute' * last_value
            else last_hour + interval '1 hour'
        end as ended_at
    from events
),

final as (
    select
        network_event_key,
        {{ date_key('first_hour') }} as date_key,
        {{ time_key('first_hour') }} as time_key,
        host,
        interface_name,
        interface_key,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        kind,
        case kind when 'link_down' then 3 when 'error_burst' then 1 else 2 end as severity_key,
        started_at,
        ended_at,
        {{ seconds_between('started_at', 'ended_at') }} as duration_seconds,
        event_hours,
        round(value, 4) as value
    from placed
)

select * from final
