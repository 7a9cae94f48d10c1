{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        indexes=[{'columns': ['date_key']}]
    )
}}

-- a load belongs to a run about a moment, and what that run does is told right after the moment
with loads as (
    select
        *,
        {{ date_key('as_of') }} as date_key,
        as_of + interval '1 microsecond' as _known_at,
        load_id as _load_id
    from {{ ref('stg_ops__loads') }}
    where as_of + interval '1 microsecond' <= {{ as_of() }}
),

counted as (
    select *
    from loads
    {% if is_incremental() %}
        where
            date_key in (
                select arrived.date_key
                from loads as arrived
                where {{ arrived_since_build() }}
                union
                {{ days_asked_for() }}
            )
    {% endif %}
),

summed as (
    select
        date_key,
        source,
        resource,
        count(*) as loads,
        sum(received)::bigint as received,
        sum(accepted)::bigint as accepted,
        sum(rejected)::bigint as rejected,
        sum(new + changed)::bigint as written,
        sum(bytes)::bigint as bytes,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from counted
    group by date_key, source, resource
)

select * from summed
