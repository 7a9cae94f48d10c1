{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='instance'
    )
}}

with interface_hours as (
    select * from {{ ref('stg_prometheus__interface_hourly') }}
),

seen as (
    select
        instance,
        interface_name,
        _known_at,
        _load_id
    from interface_hours
    {% if is_incremental() %}
        where {{ arrived_since_build() }}
        union all
        select
            instance,
            interface_name,
            _known_at,
            _load_id
        from {{ this }}
    {% endif %}
),

interfaces as (
    select
        instance,
        interface_name,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from seen
    group by instance, interface_name
)

select * from interfaces
