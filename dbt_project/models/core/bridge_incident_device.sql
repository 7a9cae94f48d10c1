with candidates as (
    select * from {{ ref('int_incident__merged') }}
),

subjects as (
    select * from {{ ref('int_thehive__subjects') }}
),

case_devices as (
    select
        subjects.object_id as case_id,
        devices.device_key::bigint as device_key
    from subjects
    cross join lateral jsonb_array_elements_text(subjects.device_keys) as devices (device_key)
    where subjects.object_kind = 'case'
),

-- a case that names several devices leads with none of them and concerns all
links as (
    select
        candidates.incident_key,
        case_devices.device_key,
        'case tag' as link_method,
        candidates.device_key = case_devices.device_key as is_lead
    from candidates
    inner join case_devices on candidates.source_id = case_devices.case_id
    where candidates.source = 'case'
    union all
    select
        incident_key,
        device_key,
        case source when 'ticket' then 'ticket subject' else 'outage' end as link_method,
        true as is_lead
    from candidates
    where source <> 'case' and device_key > 0
),

distinct_links as (
    select
        incident_key,
        device_key,
        min(link_method) as link_method,
        bool_or(is_lead) as is_lead
    from links
    group by incident_key, device_key
)

select * from distinct_links
