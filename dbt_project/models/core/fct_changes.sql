{{ config(is_read_by_day=true) }}

with changes as (
    select * from {{ ref('stg_netbox__object_changes') }}
),

interfaces as (
    select * from {{ ref('stg_netbox__interfaces') }}
),

devices as (
    select * from {{ ref('dim_device') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
    where not is_false_positive and not is_duplicate
),

-- what one request does to ten objects or more is an import, not the work of a technician
requests as (
    select
        request_id,
        count(*) >= 10 as is_bulk
    from changes
    where request_id is not null
    group by request_id
),

of_devices as (
    select
        changes.*,
        case changes.object_type
            when 'dcim.device' then changes.object_id
            when 'dcim.interface'
                then coalesce(
                    (coalesce(changes.postchange_data, changes.prechange_data) ->> 'device')::bigint,
                    interfaces.device_id
                )
        end as device_id
    from changes
    left join interfaces on changes.object_type = 'dcim.interface' and changes.object_id = interfaces.interface_id
),

keyed as (
    select
        of_devices.*,
        coalesce(requests.is_bulk, false) as is_bulk,
        coalesce({{ surrogate_key('netbox.devices', 'of_devices.device_id') }}, -2) as device_key,
        (
            select string_agg(field.name, ', ' order by field.name)
            from
                jsonb_object_keys(
                    case when jsonb_typeof(of_devices.prechange_data) = 'object' then of_devices.prechange_data end
                ) as field (name)
            where of_devices.prechange_data -> field.name is distinct from of_devices.postchange_data -> field.name
        ) as changed_fields
    from of_devices
    left join requests on of_devices.request_id = requests.request_id
),

placed as (
    select
        keyed.*,
        devices.device_version_key,
        devices.site_key,
        devices.customer_key
    from keyed
    left join devices
        on
            keyed.device_key = devices.device_key
            and keyed.changed_at >= devices.valid_from
            and keyed.changed_at < devices.valid_to
),

-- after a move the incidents of the next customer are none of this one's changes
followed as (
    select
        placed.change_id,
        count(incidents.incident_key) as incidents
    from placed
    left join incidents
        on
            placed.device_key = incidents.device_key
            and placed.changed_at <= incidents.occurred_at
            and incidents.occurred_at < placed.changed_at + interval '24 hours'
            and (
                placed.customer_key = incidents.customer_key
                or coalesce(placed.customer_key, -1) = -1
                or incidents.customer_key = -1
            )
    group by placed.change_id
),

final as (
    select
        {{ surrogate_key('netbox.object_changes', 'placed.change_id') }} as change_key,
        {{ date_key('placed.changed_at') }} as date_key,
        {{ time_key('placed.changed_at') }} as time_key,
        placed.changed_at,
        placed.change_kind,
        placed.object_type,
        placed.object_id,
        case when placed.change_kind = 'update' then placed.changed_fields end as changed_fields,
        placed.user_hash,
        placed.device_key,
        case when placed.device_key = -2 then -2 else coalesce(placed.device_version_key, -1) end
            as device_version_key,
        case when placed.device_key = -2 then -2 else coalesce(placed.site_key, -1) end as site_key,
        case when placed.device_key = -2 then -2 else coalesce(placed.customer_key, -1) end as customer_key,
        placed.is_bulk,
        followed.incidents > 0 as has_incident_within_24h,
        placed.changed_at + interval '24 hours' <= {{ as_of() }} as is_due,
        placed._known_at,
        placed._load_id
    from placed
    inner join followed on placed.change_id = followed.change_id
)

select * from final
