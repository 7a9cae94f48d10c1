with cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

case_tags as (
    select
        cases.case_id,
        tags.tag
    from cases
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(cases.tags) = 'array' then cases.tags else '[]' end
    ) as tags (tag)
),

-- a case that names several hosts or customers of which we know more than one belongs to none
case_hosts as (
    select
        case_tags.case_id,
        min(hosts.device_key) as device_key
    from case_tags
    inner join hosts on {{ host_name("substr(case_tags.tag, length('host=') + 1)") }} = hosts.host
    where case_tags.tag like 'host=%' and hosts.is_chosen
    group by case_tags.case_id
    having count(distinct hosts.device_key) = 1
),

case_customers as (
    select
        case_tags.case_id,
        min(tenants.customer_key) as customer_key
    from case_tags
    inner join tenants on case_tags.tag = 'customer=' || tenants.tenant_slug
    where tenants.is_chosen
    group by case_tags.case_id
    having count(distinct tenants.customer_key) = 1
),

milestones as (
    select
        case_id,
        case_number,
        case_status,
        case_stage,
        severity,
        created_at,
        case_stage <> 'Closed' as is_open,
        coalesce(started_at, created_at) as occurred_at,
        coalesce(entered_new_at, created_at) as detected_at,
        entered_in_progress_at as acknowledged_at,
        mitigated_at,
        case when case_stage = 'Closed' then coalesce(ended_at, first_closed_at, updated_at) end as resolved_at,
        case when case_stage = 'Closed' then coalesce(first_closed_at, ended_at, updated_at) end as closed_at,
        _known_at,
        _load_id
    from cases
),

identified as (
    select
        {{ surrogate_key('thehive.cases', 'milestones.case_id') }} as incident_key,
        milestones.*,
        coalesce(case_hosts.device_key, -1) as device_key,
        coalesce(devices.device_version_key, -1) as device_version_key,
        coalesce(devices.site_key, -1) as site_key,
        coalesce(case_customers.customer_key, devices.customer_key, -1) as customer_key
    from milestones
    left join case_hosts on milestones.case_id = case_hosts.case_id
    left join case_customers on milestones.case_id = case_customers.case_id
    left join devices
        on
            case_hosts.device_key = devices.device_key
            and milestones.occurred_at >= devices.valid_from
            and milestones.occurred_at < devices.valid_to
),

clocked as (
    select
        incident_key,
        case_id,
        case_number,
        case_status,
        case_stage,
        case when severity between 1 and 4 then severity::integer else -1 end as severity_key,
        {{ severity_name('severity') }} as severity,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        occurred_at,
        detected_at,
        acknowledged_at,
        mitigated_at,
        resolved_at,
        closed_at,
        {{ seconds_between('occurred_at', 'detected_at') }} as time_to_detect_seconds,
        {{ seconds_between('detected_at', 'acknowledged_at') }} as time_to_acknowledge_from_detection_seconds,
        {{ seconds_between('occurred_at', 'acknowledged_at') }} as time_to_acknowledge_from_event_seconds,
        {{ seconds_between('acknowledged_at', 'mitigated_at') }} as time_to_mitigate_seconds,
        {{ seconds_between('acknowledged_at', 'resolved_at') }} as time_to_resolve_from_acknowledgement_seconds,
        {{ seconds_between('detected_at', 'resolved_at') }} as time_to_resolve_from_detection_seconds,
        {{ seconds_between('occurred_at', 'resolved_at') }} as time_to_restore_seconds,
        is_open,
        case_status = 'TruePositive' as is_true_positive,
        case_status = 'FalsePositive' as is_false_positive,
        case_status = 'Duplicated' as is_duplicate,
        -- the greatest of the milestones so far must never pass the next one
        detected_at < occurred_at
        or coalesce(acknowledged_at < detected_at, false)
        or coalesce(mitigated_at < greatest(detected_at, acknowledged_at), false)
        or coalesce(resolved_at < greatest(detected_at, acknowledged_at, mitigated_at), false) as has_order_violation,
        _known_at,
        _load_id
    from identified
)

select * from clocked
