{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='instance'
    )
}}

with host_hours as (
    select * from {{ ref('stg_prometheus__host_hourly') }}
),

spans as (
    select
        instance,
        min(hour) as first_hour,
        max(hour) as last_hour,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from host_hours
    {% if is_incremental() %}
        where {{ arrived_since_build() }}
    {% endif %}
    group by instance
    {% if is_incremental() %}
        union all
        select
            instance,
            first_hour,
            last_hour,
            _known_at,
            _load_id
        from {{ this }}
    {% endif %}
),

instances as (
    select
        instance,
        {{ host_name('instance') }} as short_name,
        min(first_hour) as first_hour,
        max(last_hour) as last_hour,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from spans
    group by instance
),

-- two instances that report at the same time are two machines, even if their short names agree
namesakes as (
    select distinct one.instance
    from instances as one
    inner join instances as other
        on
            one.short_name = other.short_name
            and one.instance <> other.instance
            and one.first_hour <= other.last_hour
            and one.last_hour >= other.first_hour
),

named as (
    select
        instances.instance,
        case
            when namesakes.instance is null then coalesce(instances.short_name, lower(instances.instance))
            else lower(instances.instance)
        end as host,
        instances.short_name,
        namesakes.instance is not null as is_name_shared,
        instances.first_hour,
        instances.last_hour,
        instances._known_at,
        instances._load_id
    from instances
    left join namesakes on instances.instance = namesakes.instance
)

select * from named
