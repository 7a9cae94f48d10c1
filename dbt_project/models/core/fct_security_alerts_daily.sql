{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='date_key',
        rekeyed_by='host',
        is_read_by_day=true,
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['responded']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, {{ ref('dim_device') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with alerts as not materialized (
    select * from {{ ref('fct_security_alerts') }}
),

{% if is_incremental() %}
    keyed_anew as materialized (
        {{ rekeyed() }}
    ),

    -- few enough for the index
    responded_now as (
        select
            date_key,
            host,
            agent_key,
            device_version_key,
            customer_key,
            rule_key,
            severity_key,
            count(*) as responded
        from alerts
        where is_responded and host <> all(array(select keyed_anew.host from keyed_anew))
        group by date_key, host, agent_key, device_version_key, customer_key, rule_key, severity_key
    ),

    responded_then as (
        select
            date_key,
            host,
            agent_key,
            device_version_key,
            customer_key,
            rule_key,
            severity_key,
            sum(responded) as responded
        from {{ this }}
        where
            responded > 0
            and {{ has_detail('date_key') }}
            and host <> all(array(select keyed_anew.host from keyed_anew))
        group by date_key, host, agent_key, device_version_key, customer_key, rule_key, severity_key
    ),

    -- a response comes after the alert, which no load brings again
    changed_days as (
        {{ days_to_rebuild('alerts', 'event_at') }}
        union
        select date_key
        from (
            select * from responded_now
            except
            select * from responded_then
        ) as come
        union
        select date_key
        from (
            select * from responded_then
            except
            select * from responded_now
        ) as gone
    ),

    -- an array, because the planner takes it for short and uses the index, which a join would not; the bounds let it
    -- pass over the partitions outside
    raised as (
        select *
        from alerts
        where
            date_key >= (select min(changed_days.date_key) from changed_days)
            and date_key <= (select max(changed_days.date_key) from changed_days)
            and date_key = any(array(select changed_days.date_key from changed_days))
        union all
        select *
        from alerts
        where
            {{ is_rekeyed('host', 'keyed_anew') }}
            and date_key <> all(array(select changed_days.date_key from changed_days))
    ),
{% else %}
    raised as (
        select * from alerts
    ),
{% endif %}

counted as (
    select
        date_key,
        host,
        agent_key,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        severity_key,
        rule_key,
        rule_id,
        max(rule_level) as rule_level,
        max(mitre_ids::text)::jsonb as mitre_ids,
        count(*) as alerts,
        count(*) filter (where is_blocked) as blocked,
        count(*) filter (where is_responded) as responded,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from raised
    group by
        date_key,
        host,
        agent_key,
        device_key,
        device_version_key,
        site_key,
        customer_key,
        severity_key,
        rule_key,
        rule_id
)

select * from counted
