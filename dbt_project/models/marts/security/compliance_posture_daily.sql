{{ config(is_read_by_day=true) }}

with scans as (
    select * from {{ ref('fct_sca_compliance') }}
),

policies as (
    select * from {{ ref('dim_sca_policy') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

sites as (
    select * from {{ ref('dim_site') }}
),

-- a scan speaks for the days from its own until the next one, each day at its end
scan_days as (
    select
        scans.*,
        day.date_day::date as date_day
    from scans
    cross join lateral generate_series(
        ({{ utc_date('scans.scan_ended_at') }})::timestamp,
        coalesce(
            {{ utc_date('scans.next_scan_ended_at') }} - 1, {{ utc_date(as_of()) }}
        )::timestamp,
        interval '1 day'
    ) as day (date_day)
),

-- an agent that has been silent for more than seven days may have changed in any way
judged as (
    select
        date_day,
        customer_key,
        site_key,
        sca_policy_key,
        agent_key,
        passed,
        failed,
        invalid,
        least(
            (date_day + 1)::timestamp at time zone 'UTC', {{ as_of() }}
        ) - scan_ended_at <= interval '7 days' as is_known
    from scan_days
),

counted as (
    select
        date_day,
        customer_key,
        site_key,
        sca_policy_key,
        count(*) filter (where is_known) as agents_known,
        count(*) filter (where not is_known) as agents_unknown,
        count(*) filter (where is_known and failed = 0) as agents_without_failure,
        coalesce(sum(passed) filter (where is_known), 0)::bigint as passed,
        coalesce(sum(failed) filter (where is_known), 0)::bigint as failed,
        coalesce(sum(invalid) filter (where is_known), 0)::bigint as invalid
    from judged
    group by date_day, customer_key, site_key, sca_policy_key
),

named as (
    select
        to_char(counted.date_day, 'YYYYMMDD')::integer as date_key,
        counted.date_day,
        counted.customer_key,
        customers.customer_name,
        counted.site_key,
        sites.site_name,
        counted.sca_policy_key,
        policies.policy_name,
        counted.agents_known,
        counted.agents_unknown,
        counted.agents_without_failure,
        counted.passed,
        counted.failed,
        counted.invalid,
        round(100.0 * counted.passed / nullif(counted.passed + counted.failed, 0), 4)::numeric(7, 4) as compliance_pct
    from counted
    inner join policies on counted.sca_policy_key = policies.sca_policy_key
    left join customers on counted.customer_key = customers.customer_key and customers.is_current
    left join sites on counted.site_key = sites.site_key and sites.is_current
)

select * from named
