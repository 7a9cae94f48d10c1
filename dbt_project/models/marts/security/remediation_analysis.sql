with vulnerabilities as (
    select * from {{ ref('fct_vulnerabilities') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

-- what was not remediated was there until it was last seen; what an index still lists after its agent
-- was removed is not
exposures as (
    select
        customer_key,
        severity_key,
        severity,
        vulnerability_state,
        is_left_censored,
        resolved_at is not null as is_ended,
        coalesce(time_to_remediate_seconds, {{ seconds_between('opened_at', 'least(last_seen_at, ended_at)') }})
            as seconds,
        {{ utc_date("date_trunc('month', opened_at, 'UTC')") }} as opening_month,
        {{ utc_date("date_trunc('month', resolved_at, 'UTC')") }} as resolution_month
    from vulnerabilities
),

cohorts as (
    select
        *,
        'opening' as cohort,
        opening_month as cohort_month
    from exposures
    union all
    select
        *,
        'resolution' as cohort,
        resolution_month as cohort_month
    from exposures
    where resolution_month is not null
),

counted as (
    select
        cohort,
        cohort_month,
        customer_key,
        severity_key,
        severity,
        count(*) filter (where is_left_censored) as left_censored,
        count(*) filter (where not is_left_censored and vulnerability_state = 'agent removed') as removed
    from cohorts
    group by cohort, cohort_month, customer_key, severity_key, severity
),

-- since when it was open before anybody looked, nobody knows
watched as (
    select * from cohorts
    where not is_left_censored
),

measured as (
    {{ clock_statistics('watched', ['cohort', 'cohort_month', 'customer_key', 'severity_key']) }}
),

joined as (
    select
        counted.cohort,
        counted.cohort_month,
        counted.customer_key,
        customers.customer_name,
        counted.severity_key,
        counted.severity,
        coalesce(measured.ended, 0) as resolved,
        coalesce(measured.running - counted.removed, 0) as open_count,
        counted.removed,
        counted.left_censored,
        {{ days('measured.mean_seconds') }} as mean_days,
        {{ days('measured.p50_seconds') }} as p50_days,
        {{ days('measured.p90_seconds') }} as p90_days,
        {{ days('measured.p95_seconds') }} as p95_days,
        {{ days('measured.kaplan_meier_seconds') }} as kaplan_meier_days
    from counted
    left join measured
        on
            counted.cohort = measured.cohort
            and counted.cohort_month = measured.cohort_month
            and counted.customer_key = measured.customer_key
            and counted.severity_key = measured.severity_key
    left join customers on counted.customer_key = customers.customer_key and customers.is_current
)

select * from joined
