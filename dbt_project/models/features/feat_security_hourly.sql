with alerts as (
    select * from {{ ref('fct_security_alerts') }}
    where _known_at <= {{ as_of() }}
),

alert_days as (
    select * from {{ ref('fct_security_alerts_daily') }}
),

agents as (
    select * from {{ ref('dim_agent') }}
    where is_current and agent_key > 0
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current
),

loads as (
    select * from {{ ref('stg_ops__loads') }}
    where source = 'wazuh' and resource = 'alerts'
),

calendars as (
    select * from {{ ref('int_calendar__assignments') }}
),

open_intervals as (
    select * from {{ ref('int_calendar__open_intervals') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

verdicts as (
    select * from {{ ref('int_feedback__verdicts') }}
    where model = 'security_anomaly'
),

incident_hours as (
    {{ hours_of_incidents('incidents') }}
),

verdict_hours as (
    {{ hours_of_verdicts('verdicts') }}
),

observed as (
    select max(window_end) as observed_until
    from loads
),

-- when an agent was registered is not recorded, so its hours begin with the day of its first alert
first_days as (
    select
        agent_key,
        {{ day_start('min(date_key)') }} as first_hour
    from alert_days
    where {{ has_detail('date_key') }}
    group by agent_key
),

-- of the agents that are there now or were until they were deleted, up to the last hour read to its end
agent_hours as (
    select
        agents.agent_key,
        hours.hour
    from agents
    inner join first_days on agents.agent_key = first_days.agent_key
    cross join observed
    cross join
        generate_series(
            first_days.first_hour,
            least(observed.observed_until, case when agents.is_deleted then agents.valid_from end) - interval '1 hour',
            interval '1 hour'
        ) as hours (hour)
),

-- where no contract names a calendar the provider's own counts
provider as (
    {{ provider_calendar('calendars') }}
),

told as (
    select
        alerts.agent_key,
        alerts.date_key,
        date_trunc('hour', alerts.event_at, 'UTC') as hour,
        alerts.severity_key,
        alerts.rule_key,
        alerts.source_address_key,
        alerts.rule_groups ?| array['authentication_failed', 'authentication_failures'] as is_failed_login,
        case
            when alerts.rule_groups ? 'authentication_success'
                then coalesce(
                    alerts.event_at >= (
                        select open_intervals.closes_at
                        from open_intervals
                        where
                            open_intervals.calendar_key = coalesce(of_customer.calendar_key, provider.calendar_key)
                            and open_intervals.opens_at <= alerts.event_at
                        order by open_intervals.opens_at desc
                        limit 1
                    ),
                    false
                )
            else false
        end as is_off_hours_login,
        alerts._known_at
    from alerts
    left join calendars as of_customer
        on
            of_customer.owner_kind = 'customer'
            and alerts.customer_key = of_customer.owner_id
            and alerts.event_at >= of_customer.valid_from
            and alerts.event_at < of_customer.valid_to
    left join provider on true
),

counted as (
    select
        agent_key,
        date_key,
        hour,
        count(*) filter (where severity_key < 2) as low_alerts,
        count(*) filter (where severity_key = 2) as medium_alerts,
        count(*) filter (where severity_key > 2) as high_alerts,
        count(distinct rule_key) as rules,
        count(distinct source_address_key) as source_addresses,
        count(*) filter (where is_failed_login) as failed_logins,
        count(*) filter (where is_off_hours_login) as off_hours_logins,
        max(_known_at) as known_at
    from told
    group by agent_key, date_key, hour
),

-- one below the other, not joined: so the days and hours that are asked for limit the alerts that are read
with_quiet_hours as (
    select
        *,
        false as is_expected
    from counted
    union all
    select
        agent_key,
        {{ date_key('hour') }} as date_key,
        hour,
        0 as low_alerts,
        0 as medium_alerts,
        0 as high_alerts,
        0 as rules,
        0 as source_addresses,
        0 as failed_logins,
        0 as off_hours_logins,
        hour + interval '1 hour' as known_at,
        true as is_expected
    from agent_hours
),

summed as (
    select
        agent_key,
        date_key,
        hour,
        max(low_alerts)::double precision as low_alerts,
        max(medium_alerts)::double precision as medium_alerts,
        max(high_alerts)::double precision as high_alerts,
        max(rules)::double precision as rules,
        max(source_addresses)::double precision as source_addresses,
        max(failed_logins)::double precision as failed_logins,
        max(off_hours_logins)::double precision as off_hours_logins,
        max(known_at) as known_at
    from with_quiet_hours
    group by agent_key, date_key, hour
    having bool_or(is_expected)
),

joined as (
    select
        summed.agent_key,
        agents.device_key,
        summed.date_key,
        summed.hour,
        summed.low_alerts,
        summed.medium_alerts,
        summed.high_alerts,
        summed.rules,
        summed.source_addresses,
        summed.failed_logins,
        summed.off_hours_logins,
        1::double precision as coverage,
        coalesce(devices.role_name, 'unknown') as role_name,
        coalesce(devices.site_key, -1) as site_key,
        {{ masks_of_hour() }},
        summed.known_at
    from summed
    inner join agents on summed.agent_key = agents.agent_key
    left join devices on agents.device_key = devices.device_key
    left join incident_hours
        on
            agents.device_key = incident_hours.device_key
            and summed.hour = incident_hours.hour
    left join verdict_hours
        on
            agents.device_key = verdict_hours.device_key
            and summed.hour = verdict_hours.hour
)

select * from joined
