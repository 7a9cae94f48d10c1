-- a week is looked at once it has been over for a day, so that what comes late is in it
with settled as (
    select date_trunc('week', {{ utc_date('(' ~ as_of() ~ " - interval '1 day')") }}::timestamp)::date as until
),

period as (
    select
        until - 26 * 7 as first_day,
        until
    from settled
),

capacity_days as (
    select
        device_key,
        customer_key,
        resource,
        date_day,
        case when not is_masked then y end as y,
        first_value(customer_key) over (partition by device_key order by date_day desc) as owner_key
    from {{ ref('feat_capacity_daily') }}
    where
        date_key >= (select to_char(period.first_day, 'YYYYMMDD')::integer from period)
        and date_key < (select to_char(period.until, 'YYYYMMDD')::integer from period)
        and known_at <= {{ as_of() }}
),

tickets as (
    select * from {{ ref('fct_tickets') }}
    where customer_key > 0
),

backlog as (
    select * from {{ ref('fct_ticket_backlog_daily') }}
    where customer_key > 0 and date_day >= (select period.first_day from period)
),

promises as (
    select * from {{ ref('fct_ticket_sla') }}
    where customer_key > 0 and judged_on >= (select period.first_day from period)
),

alert_days as (
    select
        *,
        to_date(date_key::text, 'YYYYMMDD') as date_day
    from {{ ref('fct_security_alerts_daily') }}
    where customer_key > 0 and date_key >= (select to_char(period.first_day, 'YYYYMMDD')::integer from period)
),

vulnerability_days as (
    select * from {{ ref('fct_vulnerability_daily') }}
    where customer_key > 0 and date_day >= (select period.first_day from period)
),

-- of a device that changed hands the days of its last customer alone
of_devices as (
    select
        case resource
            when 'net' then 'net_mbit_per_second'
            else resource || '_pct'
        end as metric,
        device_key as entity_key,
        customer_key,
        date_trunc('week', date_day::timestamp)::date as week_start,
        avg(y::numeric) as week_value
    from capacity_days
    where customer_key = owner_key
    group by resource, device_key, customer_key, week_start
    having count(y) >= 4
),

-- what is counted: by the day on which it came in, or as it stood at the end of a day
counted as (
    select
        'tickets_created' as metric,
        'tickets' as kept_by,
        false as is_level,
        customer_key,
        created_on as date_day,
        count(*) as things
    from tickets
    group by customer_key, created_on
    union all
    select
        'ticket_backlog' as metric,
        'tickets' as kept_by,
        true as is_level,
        customer_key,
        date_day,
        count(*) as things
    from backlog
    group by customer_key, date_day
    union all
    select
        severities.metric,
        'alerts' as kept_by,
        false as is_level,
        alert_days.customer_key,
        alert_days.date_day,
        sum(alert_days.alerts) filter (where alert_days.severity_key >= severities.severity_key) as things
    from alert_days
    cross join (values ('alerts', -2), ('high_alerts', 3)) as severities (metric, severity_key)
    group by severities.metric, alert_days.customer_key, alert_days.date_day
    union all
    select
        counts.metric,
        'vulnerabilities' as kept_by,
        true as is_level,
        vulnerability_days.customer_key,
        vulnerability_days.date_day,
        sum(counts.things) as things
    from vulnerability_days
    cross join
        lateral (
            values
            ('open_vulnerabilities', vulnerability_days.open_count),
            ('overdue_vulnerabilities', vulnerability_days.overdue_count)
        ) as counts (metric, things)
    group by counts.metric, vulnerability_days.customer_key, vulnerability_days.date_day
),

-- books that begin or end within a week do not tell of all of it
books as (
    select
        kept_by,
        min(date_day) as first_day,
        max(date_day) as last_day
    from counted
    group by kept_by
),

-- a customer whom books know has none of what they have not counted yet
begun as (
    select distinct
        metric,
        kept_by,
        is_level,
        customer_key,
        min(date_day) over (partition by kept_by, customer_key) as first_day
    from counted
),

customer_weeks as (
    select
        begun.metric,
        begun.is_level,
        begun.customer_key,
        week.start::date as week_start
    from begun
    inner join books on begun.kept_by = books.kept_by
    cross join period
    cross join
        generate_series(
            period.first_day::timestamp, period.until - interval '7 days', interval '7 days'
        ) as week (start)
    where
        week.start::date >= books.first_day
        and week.start::date + 6 <= books.last_day
        and week.start::date + 6 >= begun.first_day
),

of_customers as (
    select
        customer_weeks.metric,
        customer_weeks.customer_key,
        customer_weeks.week_start,
        coalesce(sum(counted.things), 0) as week_value
    from customer_weeks
    left join counted
        on
            customer_weeks.metric = counted.metric
            and customer_weeks.customer_key = counted.customer_key
            and counted.date_day <= customer_weeks.week_start + 6
            and counted.date_day
            >= case when customer_weeks.is_level then customer_weeks.week_start + 6 else customer_weeks.week_start end
    group by customer_weeks.metric, customer_weeks.customer_key, customer_weeks.week_start
),

of_promises as (
    select
        promises.customer_key,
        date_trunc('week', promises.judged_on::timestamp)::date as week_start,
        100.0 * count(*) filter (where promises.state <> 'met') / count(*) as week_value
    from promises
    cross join period
    where promises.state in ('met', 'breached', 'overdue') and promises.judged_on < period.until
    group by promises.customer_key, week_start
    having count(*) >= 5
),

final as (
    select
        'device' as entity_kind,
        metric,
        entity_key,
        customer_key,
        week_start,
        round(week_value, 4)::double precision as week_value
    from of_devices
    union all
    select
        'customer' as entity_kind,
        metric,
        customer_key as entity_key,
        customer_key,
        week_start,
        week_value::double precision as week_value
    from of_customers
    union all
    select
        'customer' as entity_kind,
        'promises_missed_pct' as metric,
        customer_key as entity_key,
        customer_key,
        week_start,
        round(week_value, 4)::double precision as week_value
    from of_promises
)

select * from final
