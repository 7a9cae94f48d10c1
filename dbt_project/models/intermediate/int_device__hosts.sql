with device_versions as (
    select * from {{ ref('int_device__versions') }}
),

host_evidence as (
    select * from {{ ref('int_device__host_evidence') }}
),

prometheus_hosts as (
    select * from {{ ref('int_prometheus__hosts') }}
),

version_order as (
    select
        *,
        row_number() over (partition by device_id order by _known_at desc, _load_id desc, _row_hash asc) as age
    from device_versions
),

device_names as (
    select
        {{ host_name('device_name') }} as host,
        device_id,
        bool_or(age = 1 and not is_deleted) as is_current
    from version_order
    group by {{ host_name('device_name') }}, device_id
),

shared_names as (
    select distinct short_name
    from prometheus_hosts
    where is_name_shared
),

seen as (
    select
        host,
        min(first_hour) as first_hour,
        max(last_hour) as last_hour
    from prometheus_hosts
    group by host
),

-- former names count while nobody else bears them, so that a rename in the inventory parts nothing
holders as (
    select
        device_names.host,
        device_names.device_id,
        device_names.is_current,
        shared_names.short_name is null
        and case
            when count(*) filter (where device_names.is_current) over same_host > 0
                then
                    device_names.is_current
                    and count(*) filter (where device_names.is_current) over same_host = 1
            else count(*) over same_host = 1
        end as is_only_holder
    from device_names
    left join shared_names on device_names.host = shared_names.short_name
    where device_names.host is not null
    window same_host as (partition by device_names.host)
),

reporting as (
    select
        holders.host,
        holders.device_id,
        holders.is_current,
        seen.first_hour,
        seen.last_hour
    from holders
    inner join seen on holders.host = seen.host
    where holders.is_only_holder
),

-- a device reports under one name at a time: its present name wins over a former one
outdone as (
    select distinct
        loser.host,
        loser.device_id
    from reporting as loser
    inner join reporting as winner
        on
            loser.device_id = winner.device_id
            and loser.host <> winner.host
            and loser.first_hour <= winner.last_hour
            and loser.last_hour >= winner.first_hour
            and (
                (not loser.is_current and winner.is_current)
                or (loser.is_current = winner.is_current and loser.host > winner.host)
            )
),

named as (
    select
        holders.host,
        {{ surrogate_key('netbox.devices', 'holders.device_id') }} as device_key,
        case when holders.is_current then 'name' else 'former name' end as method,
        holders.is_only_holder and outdone.host is null as is_chosen
    from holders
    left join outdone
        on
            holders.host = outdone.host
            and holders.device_id = outdone.device_id
),

chosen_by_name as (
    select
        named.host,
        named.device_key,
        seen.first_hour,
        seen.last_hour
    from named
    left join seen on named.host = seen.host
    where named.is_chosen
),

evidence as (
    select
        host,
        {{ surrogate_key('netbox.devices', 'device_id') }} as device_key,
        method,
        is_present,
        is_contradicted
    from host_evidence
),

-- where names fail: all that tells of the device now, else all that ever told, has to agree
judged as (
    select
        evidence.host,
        evidence.device_key,
        bool_or(evidence.is_present) as is_present
    from evidence
    left join chosen_by_name on evidence.host = chosen_by_name.host
    where chosen_by_name.host is null and evidence.is_contradicted is not true
    group by evidence.host, evidence.device_key
),

weighed as (
    select
        *,
        count(*) filter (where is_present) over (partition by host) as devices_now,
        count(*) over (partition by host) as devices_ever
    from judged
),

agreed as (
    select
        weighed.host,
        weighed.device_key,
        seen.first_hour,
        seen.last_hour
    from weighed
    left join seen on weighed.host = seen.host
    where
        (weighed.devices_now = 1 and weighed.is_present)
        or (weighed.devices_now = 0 and weighed.devices_ever = 1)
),

rivals as (
    select
        *,
        true as is_named
    from chosen_by_name
    union all
    select
        *,
        false as is_named
    from agreed
),

-- the device already reports under a name, or under the lesser of two such hosts
taken as (
    select distinct
        agreed.host,
        agreed.device_key
    from agreed
    inner join rivals
        on
            agreed.device_key = rivals.device_key
            and agreed.first_hour <= rivals.last_hour
            and agreed.last_hour >= rivals.first_hour
            and (rivals.is_named or agreed.host > rivals.host)
),

found as (
    select
        agreed.host,
        agreed.device_key
    from agreed
    left join taken on agreed.host = taken.host and agreed.device_key = taken.device_key
    where taken.host is null
),

pairs as (
    select
        named.host,
        named.device_key,
        named.method,
        {{ method_order('named.method') }} as method_order,
        named.is_chosen
    from named
    union all
    select
        evidence.host,
        evidence.device_key,
        evidence.method,
        {{ method_order('evidence.method') }} as method_order,
        found.host is not null as is_chosen
    from evidence
    left join found on evidence.host = found.host and evidence.device_key = found.device_key
),

inventory as (
    select
        host,
        device_key,
        (array_agg(method order by is_chosen desc, method_order asc))[1] as method,
        false as is_inferred,
        bool_or(is_chosen) as is_chosen
    from pairs
    group by host, device_key
),

matched as (
    select host
    from inventory
    where is_chosen
),

monitored_only as (
    select
        seen.host,
        {{ surrogate_key('prometheus.host_hourly', 'seen.host') }} as device_key,
        'itself' as method,
        true as is_inferred,
        matched.host is null as is_chosen
    from seen
    left join matched on seen.host = matched.host
),

candidates as (
    select * from inventory
    union all
    select * from monitored_only
)

select * from candidates
