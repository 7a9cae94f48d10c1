with device_versions as (
    select * from {{ ref('stg_netbox__devices__versions') }}
),

changes as (
    select * from {{ ref('stg_netbox__object_changes') }}
    where object_type = 'dcim.device'
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

known_events as (
    select * from {{ ref('known_events') }}
    where event_kind = 'maintenance'
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

sites as (
    select * from {{ ref('stg_netbox__sites') }}
),

-- the changelog knows the moment, but is purged one day; a version is no older than its last edit
observations as (
    select
        object_id as device_id,
        changed_at as observed_at,
        case when change_kind = 'delete' then 'deleted' else postchange_data ->> 'status' end as device_status
    from changes
    where change_kind = 'delete' or postchange_data ->> 'status' is not null
    union all
    select
        device_id,
        case when is_deleted then _known_at else least(updated_at, _known_at) end as observed_at,
        case when is_deleted then 'deleted' else device_status end as device_status
    from device_versions
),

judged as (
    select
        device_id,
        observed_at,
        bool_or({{ is_out_of_service('device_status') }}) as is_out_of_service,
        min(device_status) as device_status
    from observations
    group by device_id, observed_at
),

turns as (
    select *
    from (
        select
            *,
            lag(is_out_of_service) over (partition by device_id order by observed_at) as was_out_of_service
        from judged
    ) as compared
    where is_out_of_service is distinct from was_out_of_service
),

of_inventory as (
    select
        {{ surrogate_key('netbox.devices', 'device_id') }} as device_key,
        -2::bigint as site_key,
        'netbox' as source,
        device_status as reason,
        is_out_of_service,
        observed_at as starts_at,
        lead(observed_at) over (partition by device_id order by observed_at) as ends_at
    from turns
),

tagged as (
    select
        cases.case_id,
        cases.case_number,
        cases.started_at,
        cases.created_at,
        case when cases.case_stage = 'Closed' then coalesce(cases.ended_at, cases.first_closed_at) end as ends_at,
        tags.tag
    from cases
    cross join
        lateral jsonb_array_elements_text(
            case when jsonb_typeof(cases.tags) = 'array' then cases.tags else '[]' end
        ) as tags (tag)
    where cases.tags @> '["maintenance"]'
),

of_cases as (
    select
        coalesce(hosts.device_key, -2) as device_key,
        coalesce({{ surrogate_key('netbox.sites', 'sites.site_id') }}, -2) as site_key,
        'thehive' as source,
        'case ' || tagged.case_number as reason,
        coalesce(tagged.started_at, tagged.created_at) as starts_at,
        tagged.ends_at
    from tagged
    left join hosts
        on
            tagged.tag like 'host=%'
            and {{ host_name("substr(tagged.tag, length('host=') + 1)") }} = hosts.host
            and hosts.is_chosen
    left join sites on tagged.tag = 'site=' || sites.site_slug
    where hosts.device_key is not null or sites.site_id is not null
),

of_events as (
    select
        coalesce(hosts.device_key, -2) as device_key,
        coalesce({{ surrogate_key('netbox.sites', 'sites.site_id') }}, -2) as site_key,
        'known_events' as source,
        known_events.event_name as reason,
        known_events.starts_at,
        known_events.ends_at
    from known_events
    left join hosts on {{ host_name('known_events.device_name') }} = hosts.host and hosts.is_chosen
    left join sites on known_events.site_slug = sites.site_slug
    where
        (known_events.device_name is null or hosts.device_key is not null)
        and (known_events.site_slug is null or sites.site_id is not null)
),

windows as (
    select
        device_key,
        site_key,
        source,
        reason,
        starts_at,
        ends_at
    from of_inventory
    where is_out_of_service
    union
    select * from of_cases
    union
    select * from of_events
),

-- what names a device is about it wherever it stands
final as (
    select
        device_key,
        case when device_key > 0 then -2 else site_key end as site_key,
        source,
        reason,
        starts_at,
        coalesce(ends_at, '9999-12-31 00:00:00+00'::timestamptz) as ends_at
    from windows
    where starts_at < coalesce(ends_at, 'infinity') and starts_at <= {{ as_of() }}
)

select * from final
