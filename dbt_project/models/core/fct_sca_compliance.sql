with results as (
    select * from {{ ref('stg_wazuh__sca_policies__versions') }}
),

agents as (
    select *
    from {{ ref('dim_agent') }}
    where is_current
),

devices as (
    select * from {{ ref('dim_device') }}
),

-- a scan that was read twice is one scan
scans as (
    select distinct on (agent_id, policy_id, scan_ended_at) *
    from results
    where not is_deleted and scan_ended_at is not null
    order by agent_id asc, policy_id asc, scan_ended_at asc, _known_at desc, _load_id desc, _row_hash asc
),

measured as (
    select
        *,
        round(100.0 * passed / nullif(passed + failed, 0), 4) as compliance_pct
    from scans
),

compared as (
    select
        *,
        compliance_pct - lag(compliance_pct) over history as compliance_change_pct,
        lead(scan_ended_at) over history as next_scan_ended_at
    from measured
    window history as (partition by agent_id, policy_id order by scan_ended_at)
),

placed as (
    select
        {{ surrogate_key('wazuh.sca_scans', [
            'compared.agent_id', 'compared.policy_id', 'extract(epoch from compared.scan_ended_at)'
        ]) }} as scan_key,
        {{ date_key('compared.scan_ended_at') }} as date_key,
        coalesce(agents.agent_key, -1) as agent_key,
        compared.agent_id,
        coalesce(agents.device_key, -1) as device_key,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        case
            when coalesce(agents.device_key, -1) = -1 then coalesce(agents.customer_key, -1)
            else coalesce(devices.customer_key, -1)
        end as customer_key,
        {{ surrogate_key('wazuh.sca_policies', 'compared.policy_id') }} as sca_policy_key,
        compared.policy_id,
        compared.scan_started_at,
        compared.scan_ended_at,
        compared.next_scan_ended_at,
        compared.passed,
        compared.failed,
        compared.invalid,
        compared.total_checks,
        compared.compliance_pct::numeric(7, 4) as compliance_pct,
        compared.compliance_change_pct::numeric(7, 4) as compliance_change_pct,
        compared._known_at,
        compared._load_id
    from compared
    left join agents on compared.agent_id = agents.agent_id
    left join devices
        on
            agents.device_key = devices.device_key
            and compared.scan_ended_at >= devices.valid_from
            and compared.scan_ended_at < devices.valid_to
)

select * from placed
