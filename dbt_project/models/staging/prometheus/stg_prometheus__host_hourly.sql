with versions as not materialized (
    select *
    from {{ source('raw_prometheus', 'host_hourly') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version_by_probe('versions', ['hour', 'instance']) }}
),

renamed as (
    select
        instance::text as instance,
        hour,
        cpu_avg_pct,
        cpu_p95_pct,
        cpu_max_pct,
        mem_avg_pct,
        mem_p95_pct,
        mem_max_pct,
        disk_used_pct,
        net_in_bytes,
        net_out_bytes,
        temp_max_celsius,
        power_avg_watts,
        uptime_seconds,
        up_ratio,
        samples,
        expected_samples,
        _known_at,
        _load_id::text as _load_id
    from newest
)

select * from renamed
