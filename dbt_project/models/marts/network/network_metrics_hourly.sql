{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key=['date_key', 'hour'],
        rekeyed_by='customer_key',
        partitioned=true,
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['scored_as_of']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, {{ ref('dim_device') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with interface_hours as not materialized (
    select * from {{ ref('fct_interface_traffic_hourly') }}
),

measured as (
    {{ rows_to_rebuild(
        'interface_hours', 'hour', rekeyed_by='customer_key', key='hour', more=interface_hours_scored_anew()
    ) }}
),

scores as (
    select * from {{ ref('prediction_outcomes') }}
    where model = 'network_anomaly' and {{ in_days_rebuilt('measured') }}
),

ranked as (
    select
        time_key,
        date_key,
        hour,
        interface_key,
        host,
        interface_name,
        device_key,
        site_key,
        customer_key,
        speed_bps,
        in_bps_avg,
        out_bps_avg,
        in_bps_p95,
        out_bps_p95,
        in_bps_max,
        out_bps_max,
        round(util_avg_pct::numeric, 4) as util_avg_pct,
        round(util_max_pct::numeric, 4) as util_max_pct,
        coalesce(in_octets, 0) + coalesce(out_octets, 0) as octets,
        in_errors + out_errors as errors,
        in_discards + out_discards as discards,
        round(60 - link_up_minutes::numeric, 4) as link_down_minutes,
        link_changes,
        round(100 * coverage::numeric, 4) as coverage_pct,
        rank() over (
            partition by customer_key, time_key
            order by coalesce(in_octets, 0) + coalesce(out_octets, 0) desc
        )::integer as traffic_rank,
        _known_at,
        _load_id
    from measured
),

scored as (
    select
        ranked.*,
        scores.score as anomaly_score,
        case when scores.is_scored then scores.is_flagged end as is_anomaly,
        scores.scored_as_of
    from ranked
    left join scores
        on
            ranked.interface_key = scores.entity_key
            and ranked.hour = scores.hour
)

select * from scored
