with versions as not materialized (
    select *
    from {{ source('raw_prometheus', 'service_hourly') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version_by_probe('versions', ['hour', 'service']) }}
),

renamed as (
    select
        service::text as service,
        hour,
        success_ratio,
        status_code_max,
        probe_avg_seconds,
        probe_p95_seconds,
        requests,
        errors,
        request_avg_seconds,
        request_p95_seconds,
        request_p99_seconds,
        samples,
        expected_samples,
        _known_at,
        _load_id::text as _load_id
    from newest
)

select * from renamed
