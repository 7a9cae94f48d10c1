with cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

alerts as (
    select * from {{ ref('stg_thehive__alerts') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

tagged as (
    select
        'case' as object_kind,
        case_id as object_id,
        tags
    from cases
    union all
    select
        'alert' as object_kind,
        hive_alert_id as object_id,
        tags
    from alerts
),

object_tags as (
    select
        tagged.object_kind,
        tagged.object_id,
        tags.tag
    from tagged
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(tagged.tags) = 'array' then tagged.tags else '[]' end
    ) as tags (tag)
),

object_devices as (
    select
        object_tags.object_kind,
        object_tags.object_id,
        jsonb_agg(distinct hosts.device_key) as device_keys,
        min(hosts.device_key) as first_device_key
    from object_tags
    inner join hosts on {{ host_name("substr(object_tags.tag, length('host=') + 1)") }} = hosts.host
    where object_tags.tag like 'host=%' and hosts.is_chosen
    group by object_tags.object_kind, object_tags.object_id
),

object_customers as (
    select
        object_tags.object_kind,
        object_tags.object_id,
        min(tenants.customer_key) as customer_key
    from object_tags
    inner join tenants on object_tags.tag = 'customer=' || tenants.tenant_slug
    where tenants.is_chosen
    group by object_tags.object_kind, object_tags.object_id
    having count(distinct tenants.customer_key) = 1
),

-- what names several hosts or customers of which we know more than one belongs to none
subjects as (
    select
        tagged.object_kind,
        tagged.object_id,
        coalesce(object_devices.device_keys, '[]') as device_keys,
        case
            when jsonb_array_length(object_devices.device_keys) = 1 then object_devices.first_device_key else -1
        end as device_key,
        coalesce(object_customers.customer_key, -1) as customer_key
    from tagged
    left join object_devices
        on
            tagged.object_kind = object_devices.object_kind
            and tagged.object_id = object_devices.object_id
    left join object_customers
        on
            tagged.object_kind = object_customers.object_kind
            and tagged.object_id = object_customers.object_id
)

select * from subjects
