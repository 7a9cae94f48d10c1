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
        kinds.hours,
        clocks.is_ended,
        kinds.seconds,
        months.detection_month,
        months.resolution_month
    from clocks
    inner join months on clocks.incident_key = months.incident_key
    cross join
        lateral (
            values ('calendar', clocks.calendar_seconds), ('business', clocks.business_seconds)
        ) as kinds (hours, seconds)
    where clocks.is_measured and kinds.seconds is not null
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
    {{ clock_statistics('cohorts', ['cohort', 'cohort_month', 'customer_key', 'clock', 'hours']) }}
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
        measured.hours,
        measured.ended as incidents,
        measured.running as open_incidents,
        left_out.false_positives,
        left_out.duplicates,
        left_out.order_violations,
        {{ minutes('measured.mean_seconds') }} as mean_minutes,
        {{ minutes('measured.p50_seconds') }} as p50_minutes,
        {{ minutes('measured.p90_seconds') }} as p90_minutes,
        {{ minutes('measured.p95_seconds') }} as p95_minutes,
        {{ minutes('measured.kaplan_meier_seconds') }} as kaplan_meier_minutes
    from measured
    inner join left_out
        on
            measured.cohort = left_out.cohort
            and measured.cohort_month = left_out.cohort_month
            and measured.customer_key = left_out.customer_key
    left join customers on measured.customer_key = customers.customer_key and customers.is_current
)

select * from joined
