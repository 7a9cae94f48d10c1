with spans as (
    select * from {{ ref('int_vulnerability__spans') }}
),

agents as (
    select *
    from {{ ref('dim_agent') }}
    where is_current
),

devices as (
    select * from {{ ref('dim_device') }}
),

severities as (
    select * from {{ ref('severity_map') }}
),

targets as (
    select
        *,
        valid_from::timestamp at time zone 'UTC' as valid_from_at,
        coalesce(
            lead(valid_from) over (partition by severity_key order by valid_from), 'infinity'::date
        )::timestamp at time zone 'UTC' as valid_to_at
    from {{ ref('vulnerability_sla') }}
),

-- of what was there before anybody looked, Wazuh's own date is the best beginning there is
opened as (
    select
        spans.*,
        case when spans.is_left_censored then spans.first_detected_at else spans.first_seen_at end as opened_at,
        coalesce(
            spans.resolved_at,
            case
                when spans.agent_removed_at is not null then greatest(spans.first_seen_at, spans.agent_removed_at)
            end
        ) as ended_at,
        coalesce(
            spans.confirmed_at,
            case
                when spans.agent_removed_at is not null then greatest(spans.first_seen_at, spans.agent_removed_at)
            end
        ) as end_known_at,
        coalesce(severities.severity_key, -1) as severity_key,
        coalesce(agents.agent_key, -1) as agent_key,
        coalesce(agents.device_key, -1) as device_key,
        coalesce(agents.customer_key, -1) as agent_customer_key
    from spans
    left join agents on spans.agent_id = agents.agent_id
    left join severities
        on
            spans.severity = severities.source_value
            and severities.source = 'wazuh.vulnerability'
),

placed as (
    select
        opened.*,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        case when opened.device_key = -1 then opened.agent_customer_key else coalesce(devices.customer_key, -1) end
            as customer_key,
        targets.sla_days,
        opened.opened_at + interval '24 hours' * targets.sla_days as due_at
    from opened
    left join devices
        on
            opened.device_key = devices.device_key
            and opened.first_seen_at >= devices.valid_from
            and opened.first_seen_at < devices.valid_to
    left join targets
        on
            opened.severity_key = targets.severity_key
            and opened.opened_at >= targets.valid_from_at
            and opened.opened_at < targets.valid_to_at
),

judged as (
    select
        {{ surrogate_key('vulnerabilities', [
            'agent_id', 'package_name', 'architecture', 'package_path', 'cve_id', 'span_number'
        ]) }} as vulnerability_key,
        agent_key,
        agent_id,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        {{ surrogate_key('cves', 'cve_id') }} as cve_key,
        cve_id,
        package_name,
        package_version,
        architecture,
        package_path,
        severity_key,
        {{ severity_name('severity_key') }} as severity,
        base_score::numeric(4, 1) as base_score,
        (span_number - 1)::integer as times_reopened,
        flaps::integer as flaps,
        opened_at,
        first_seen_at,
        last_seen_at,
        is_left_censored,
        resolved_at,
        ended_at,
        end_known_at,
        case
            when resolved_at is not null then 'resolved'
            when ended_at is not null then 'agent removed'
            when gone_at is not null then 'unconfirmed'
            else 'open'
        end as vulnerability_state,
        ended_at is null as is_open,
        sla_days,
        due_at,
        coalesce(ended_at is null and due_at < {{ as_of() }}, false) as is_overdue,
        coalesce(resolved_at > due_at, false) as is_resolved_late,
        floor(extract(epoch from coalesce(ended_at, {{ as_of() }}) - opened_at) / 86400)::integer as age_days,
        case
            when not is_left_censored then {{ seconds_between('opened_at', 'resolved_at') }}
        end as time_to_remediate_seconds,
        _known_at,
        _load_id
    from placed
)

select * from judged
