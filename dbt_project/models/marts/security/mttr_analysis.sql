with clocks as (
    select * from {{ ref('fct_incident_clocks') }}
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

months as (
    select
        *,
        {{ utc_date("date_trunc('month', detected_at, 'UTC')") }} as detection_month,
        {{ utc_date("date_trunc('month', resolved_at, 'UTC')") }} as resolution_month
    from incidents
),

measured_clocks as (
    select
        clocks.customer_key,
        clocks.clock,
        clocks.is_ended,
        clocks.calendar_seconds as seconds,
        months.detection_month,
        months.resolution_month
    from clocks
    inner join months on clocks.incident_key = months.incident_key
    where clocks.is_measured
),

cohorts as (
    select
        *,
        'detection' as cohort,
        detection_month as cohort_month
    from measured_clocks
    union all
    select
        *,
        'resolution' as cohort,
        resolution_month as cohort_month
    from measured_clocks
    where resolution_month is not null
),

measured as (
    select
        cohort,
        cohort_month,
        customer_key,
        clock,
        count(*) filter (where is_ended) as incidents,
        count(*) filter (where not is_ended) as open_incidents,
        avg(seconds) filter (where is_ended) as mean_seconds,
        percentile_cont(0.5) within group (order by seconds) filter (where is_ended) as p50_seconds,
        percentile_cont(0.9) within group (order by seconds) filter (where is_ended) as p90_seconds,
        percentile_cont(0.95) within group (order by seconds) filter (where is_ended) as p95_seconds
    from cohorts
    group by cohort, cohort_month, customer_key, clock
),

durations as (
    select
        cohort,
        cohort_month,
        customer_key,
        clock,
        seconds,
        count(*) as at_this,
        count(*) filter (where is_ended) as ended
    from cohorts
    group by cohort, cohort_month, customer_key, clock, seconds
),

exposed as (
    select
        *,
        sum(at_this) over (
            partition by cohort, cohort_month, customer_key, clock
            order by seconds desc
            rows between unbounded preceding and current row
        ) as at_risk
    from durations
),

-- Kaplan-Meier: the share still unresolved is the product of the shares that survive each duration;
-- rounded, since a half must be a half whatever way the logarithms add up
survived as (
    select
        *,
        case
            when bool_or(ended = at_risk) over so_far then 0
            else round(exp(sum(ln(case when ended < at_risk then 1 - ended / at_risk end)) over so_far), 9)
        end as survival
    from exposed
    window
        so_far as (
            partition by cohort, cohort_month, customer_key, clock
            order by seconds
            rows between unbounded preceding and current row
        )
),

medians as (
    select
        cohort,
        cohort_month,
        customer_key,
        clock,
        min(seconds) filter (where survival <= 0.5) as kaplan_meier_seconds
    from survived
    group by cohort, cohort_month, customer_key, clock
),

left_out as (
    select
        'detection' as cohort,
        detection_month as cohort_month,
        customer_key,
        count(*) filter (where is_false_positive) as false_positives,
        count(*) filter (where is_duplicate) as duplicates,
        count(*) filter (where has_order_violation) as order_violations
    from months
    group by customer_key, detection_month
    union all
    select
        'resolution' as cohort,
        resolution_month as cohort_month,
        customer_key,
        count(*) filter (where is_false_positive) as false_positives,
        count(*) filter (where is_duplicate) as duplicates,
        count(*) filter (where has_order_violation) as order_violations
    from months
    where resolution_month is not null
    group by customer_key, resolution_month
),

joined as (
    select
        measured.cohort,
        measured.cohort_month,
        measured.customer_key,
        customers.customer_name,
        measured.clock,
        measured.incidents,
        measured.open_incidents,
        left_out.false_positives,
        left_out.duplicates,
        left_out.order_violations,
        round(measured.mean_seconds / 60, 4)::numeric(20, 4) as mean_minutes,
        round(measured.p50_seconds::numeric / 60, 4)::numeric(20, 4) as p50_minutes,
        round(measured.p90_seconds::numeric / 60, 4)::numeric(20, 4) as p90_minutes,
        round(measured.p95_seconds::numeric / 60, 4)::numeric(20, 4) as p95_minutes,
        round(medians.kaplan_meier_seconds::numeric / 60, 4)::numeric(20, 4) as kaplan_meier_minutes
    from measured
    inner join medians
        on
            measured.cohort = medians.cohort
            and measured.cohort_month = medians.cohort_month
            and measured.customer_key = medians.customer_key
            and measured.clock = medians.clock
    inner join left_out
        on
            measured.cohort = left_out.cohort
            and measured.cohort_month = left_out.cohort_month
            and measured.customer_key = left_out.customer_key
    left join customers on measured.customer_key = customers.customer_key and customers.is_current
)

select * from joined
