with device_versions as (
    select * from {{ ref('int_device__versions') }}
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

inventory as (
    select
        holders.host,
        {{ surrogate_key('netbox.devices', 'holders.device_id') }} as device_key,
        false as is_inferred,
        holders.is_only_holder and outdone.host is null as is_chosen
    from holders
    left join outdone
        on
            holders.host = outdone.host
            and holders.device_id = outdone.device_id
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
