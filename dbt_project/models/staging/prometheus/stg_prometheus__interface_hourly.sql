with versions as not materialized (
    select *
    from {{ source('raw_prometheus', 'interface_hourly') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version_by_probe('versions', ['hour', 'instance', 'interface']) }}
),

renamed as (
    select
        instance::text as instance,
        interface::text as interface_name,
        hour,
        in_octets,
        out_octets,
        in_bps_p95,
        out_bps_p95,
        in_bps_max,
        out_bps_max,
        in_util_avg_pct,
        out_util_avg_pct,
        in_util_max_pct,
        out_util_max_pct,
        in_errors,
        out_errors,
        in_discards,
        out_discards,
        counter_resets,
        oper_up_ratio,
        oper_changes,
        admin_status,
        speed_bps,
        samples,
        expected_samples,
        _known_at,
        _load_id::text as _load_id
    from newest
)

select * from renamed
