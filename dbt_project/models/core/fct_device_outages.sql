with outages as (
    select * from {{ ref('int_device__outages') }}
),

planned as (
    select * from {{ ref('int_device__planned_outages') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

placed as (
    select
        outages.*,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(devices.customer_key, -1) as customer_key
    from outages
    left join devices
        on
            outages.device_key = devices.device_key
            and outages.started_at >= devices.valid_from
            and outages.started_at < devices.valid_to
),

final as (
    select
        placed.outage_key,
        {{ date_key('placed.started_at') }} as date_key,
        {{ time_key('placed.started_at') }} as time_key,
        placed.device_key,
        placed.device_version_key,
        placed.host,
        placed.site_key,
        placed.customer_key,
        placed.started_at,
        placed.ended_at,
        placed.seen_until,
        placed.down_seconds,
        placed.precision,
        placed.ended_at is null as is_open,
        planned.outage_key is not null as is_planned
    from placed
    left join planned on placed.outage_key = planned.outage_key
)

select * from final
