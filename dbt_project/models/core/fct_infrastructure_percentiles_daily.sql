{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        is_read_by_day=true,
        indexes=[{'columns': ['date_key']}, {'columns': ['_known_at']}]
    )
}}

-- depends_on: {{ ref('fct_infrastructure_daily') }}, which only an incremental build reads

with host_hours as (
    select * from {{ ref('fct_infrastructure') }}
),

{% if is_incremental() %}
    noted_days as materialized (
        {{ days_noted_since('fct_infrastructure_daily') }}
    ),

    host_days as (
        select * from {{ ref('fct_infrastructure_daily') }}
        where date_key = any(array(select noted_days.date_key from noted_days))
    ),

    present as (
        select
            date_key,
            site_key,
            role_name,
            customer_key,
            sum(device_hours)::bigint as device_hours,
            coalesce(sum(cpu_pct_hours), 0)::numeric(24, 4) as cpu_pct_hours,
            coalesce(sum(mem_pct_hours), 0)::numeric(24, 4) as mem_pct_hours,
            max(_load_id) as _load_id
        from host_days
        group by date_key, site_key, role_name, customer_key
    ),

    built_slices as (
        select * from {{ this }}
        where level = 'role' and date_key = any(array(select noted_days.date_key from noted_days))
    ),

    -- percentiles cannot be added up, but whether their hours are still the same the sums tell
    changed_days as (
        select coalesce(present.date_key, built.date_key) as date_key
        from present
        full join built_slices as built
            on
                present.date_key = built.date_key
                and present.site_key = built.site_key
                and present.role_name = built.role_name
                and present.customer_key = built.customer_key
        where
            present.device_hours is distinct from built.device_hours
            or present.cpu_pct_hours is distinct from built.cpu_pct_hours
            or present.mem_pct_hours is distinct from built.mem_pct_hours
            or present._load_id is distinct from built._load_id
        union
        {{ days_asked_for() }}
    ),

    -- an array, because the planner takes it for short and uses the index, which a join would not
    measured as (
        select *
        from host_hours
        where date_key = any(array(select distinct changed_days.date_key from changed_days))
    ),
{% else %}
    measured as (
        select * from host_hours
    ),
{% endif %}

sliced as (
    select
        case when grouping(role_name) = 0 then 'role' else 'site' end as level,
        date_key,
        site_key,
        case when grouping(role_name) = 0 then role_name else 'all' end as role_name,
        customer_key,
        count(*) as device_hours,
        coalesce(sum({{ fixed_point('cpu_avg_pct') }}) / 10000, 0)::numeric(24, 4) as cpu_pct_hours,
        coalesce(sum({{ fixed_point('mem_avg_pct') }}) / 10000, 0)::numeric(24, 4) as mem_pct_hours,
        round((percentile_cont(0.95) within group (order by cpu_avg_pct))::numeric, 4) as cpu_p95_pct,
        round((percentile_cont(0.95) within group (order by mem_avg_pct))::numeric, 4) as mem_p95_pct,
        round((percentile_cont(0.95) within group (order by disk_used_pct))::numeric, 4) as disk_p95_pct,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from measured
    group by grouping sets (
        (date_key, site_key, role_name, customer_key),
        (date_key, site_key, customer_key)
    )
)

select * from sliced
