with ticket_days as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('ticket_metrics_daily') }}
    where level = 'customer' and customer_key > 0
),

site_days as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('site_health_score_daily') }}
    where customer_key > 0
),

posture as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('compliance_posture_daily') }}
    where customer_key > 0
),

vulnerability_days as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('fct_vulnerability_daily') }}
    where customer_key > 0
),

predicted_days as (
    select
        *,
        date_trunc('month', date_day::timestamp)::date as month_start
    from {{ ref('infrastructure_summary_daily') }}
    where customer_key > 0 and incident_scored_devices > 0
),

outlooks as (
    select * from {{ ref('capacity_planning_monthly') }}
    where customer_key > 0 and resource <> 'net' and forecast_p50 is not null
),

weights as (
    select * from {{ ref('dim_health_component') }}
    where score = 'customer'
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

helpdesk as (
    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from ticket_days
),

slices as (
    select
        month_start,
        customer_key
    from ticket_days
    union
    select
        month_start,
        customer_key
    from site_days
    union
    select
        month_start,
        customer_key
    from posture
    union
    select
        month_start,
        customer_key
    from vulnerability_days
    union
    select
        month_start,
        customer_key
    from predicted_days
    union
    select
        month_start,
        customer_key
    from outlooks
),

customer_months as (
    select
        *,
        (month_start + interval '1 month')::date as next_month_start,
        least((month_start + interval '1 month')::date - 1, {{ utc_date(as_of()) }}) as last_day
    from slices
),

served as (
    select
        month_start,
        customer_key,
        sum(created) as tickets_created,
        sum(sla_met) as sla_met,
        sum(sla_breached + sla_overdue) as sla_broken,
        sum(ratings) as ratings,
        sum(good_ratings) as good_ratings,
        sum(reopen_cohort) as reopen_cohort,
        sum(reopened_within_30_days) as reopened_within_30_days
    from ticket_days
    group by month_start, customer_key
),

-- the three months before, told only where the helpdesk's books reach back that far
before as (
    select
        customer_months.month_start,
        customer_months.customer_key,
        sum(ticket_days.created) as tickets_created
    from customer_months
    inner join ticket_days
        on
            customer_months.customer_key = ticket_days.customer_key
            and customer_months.month_start - 90 <= ticket_days.date_day
            and customer_months.month_start > ticket_days.date_day
    cross join helpdesk
    where helpdesk.first_day <= customer_months.month_start - 90
    group by customer_months.month_start, customer_months.customer_key
),

housed as (
    select
        site_days.month_start,
        site_days.customer_key,
        sum(sites.weight * site_days.health_score) / sum(sites.weight) as site_health
    from site_days
    inner join sites on site_days.site_key = sites.site_key
    where site_days.health_score is not null
    group by site_days.month_start, site_days.customer_key
),

-- devices on the last day that is told
counted as (
    select distinct on (month_start, customer_key)
        month_start,
        customer_key,
        sum(devices) as devices
    from site_days
    group by month_start, customer_key, date_day
    order by month_start asc, customer_key asc, date_day desc
),

assessed as (
    select
        customer_months.month_start,
        customer_months.customer_key,
        sum(posture.passed) as passed,
        sum(posture.failed) as failed
    from customer_months
    inner join posture
        on
            customer_months.month_start = posture.month_start
            and customer_months.customer_key = posture.customer_key
            and customer_months.last_day = posture.date_day
    group by customer_months.month_start, customer_months.customer_key
),

-- who never had a finding may have nobody who looks for them
scanned as (
    select
        customer_key,
        min(date_day) as first_day
    from vulnerability_days
    group by customer_key
),

vulnerable as (
    select
        customer_months.month_start,
        customer_months.customer_key,
        coalesce(sum(vulnerability_days.overdue_count) filter (where vulnerability_days.severity_key = 4), 0)
            as overdue_criticals
    from customer_months
    inner join scanned
        on
            customer_months.customer_key = scanned.customer_key
            and customer_months.last_day >= scanned.first_day
            and customer_months.last_day >= customer_months.month_start
    left join vulnerability_days
        on
            customer_months.customer_key = vulnerability_days.customer_key
            and customer_months.last_day = vulnerability_days.date_day
    group by customer_months.month_start, customer_months.customer_key
),

-- as was said last in the month
warned as (
    select distinct on (month_start, customer_key)
        month_start,
        customer_key,
        sum(incident_warnings)::bigint as incident_warnings
    from predicted_days
    group by month_start, customer_key, date_day
    order by month_start asc, customer_key asc, date_day desc
),

filling as (
    select
        month_start,
        customer_key,
        count(distinct device_key) filter (where days_to_critical_p50 is not null) as devices_running_full
    from outlooks
    group by month_start, customer_key
),

joined as (
    select
        customer_months.month_start,
        customer_months.next_month_start,
        customer_months.customer_key,
        coalesce(served.tickets_created, 0) as tickets_created,
        coalesce(served.sla_met, 0) as sla_met,
        coalesce(served.sla_broken, 0) as sla_broken,
        coalesce(served.ratings, 0) as ratings,
        coalesce(served.good_ratings, 0) as good_ratings,
        coalesce(served.reopen_cohort, 0) as reopen_cohort,
        coalesce(served.reopened_within_30_days, 0) as reopened_within_30_days,
        before.tickets_created as tickets_created_before,
        -- greatest and least leave a null out where it should stay one
        case
            when helpdesk.first_day is not null
                then
                    least(customer_months.next_month_start - 1, helpdesk.last_day)
                    - greatest(customer_months.month_start, helpdesk.first_day) + 1
        end as helpdesk_days,
        housed.site_health,
        counted.devices,
        assessed.passed,
        assessed.failed,
        vulnerable.overdue_criticals,
        warned.incident_warnings,
        filling.devices_running_full
    from customer_months
    cross join helpdesk
    left join served
        on
            customer_months.month_start = served.month_start
            and customer_months.customer_key = served.customer_key
    left join before
        on
            customer_months.month_start = before.month_start
            and customer_months.customer_key = before.customer_key
    left join housed
        on
            customer_months.month_start = housed.month_start
            and customer_months.customer_key = housed.customer_key
    left join counted
        on
            customer_months.month_start = counted.month_start
            and customer_months.customer_key = counted.customer_key
    left join assessed
        on
            customer_months.month_start = assessed.month_start
            and customer_months.customer_key = assessed.customer_key
    left join vulnerable
        on
            customer_months.month_start = vulnerable.month_start
            and customer_months.customer_key = vulnerable.customer_key
    left join warned
        on
            customer_months.month_start = warned.month_start
            and customer_months.customer_key = warned.customer_key
    left join filling
        on
            customer_months.month_start = filling.month_start
            and customer_months.customer_key = filling.customer_key
),

measured as (
    select
        *,
        case when helpdesk_days > 0 then 1.0 * tickets_created / helpdesk_days end as tickets_per_day,
        nullif(tickets_created_before, 0) / 90.0 as tickets_per_day_before
    from joined
),

components as (
    select
        measured.month_start,
        measured.customer_key,
        scored.component,
        scored.component_score
    from measured
    cross join
        lateral (
            values
            ('sla', 100.0 * measured.sla_met / nullif(measured.sla_met + measured.sla_broken, 0)),
            ('csat', case when measured.ratings >= 5 then 100.0 * measured.good_ratings / measured.ratings end),
            ('reopening', 100 - 100.0 * measured.reopened_within_30_days / nullif(measured.reopen_cohort, 0)),
            ('site_health', measured.site_health),
            (
                'overdue_criticals',
                case
                    when measured.overdue_criticals is not null and measured.devices > 0
                        then greatest(0, 100 - 20 * 10.0 * measured.overdue_criticals / measured.devices)
                end
            ),
            ('sca', 100.0 * measured.passed / nullif(measured.passed + measured.failed, 0)),
            (
                'ticket_trend',
                case
                    when measured.tickets_per_day is not null and measured.tickets_per_day_before is not null
                        then
                            greatest(
                                0, least(100, 200 - 100 * measured.tickets_per_day / measured.tickets_per_day_before)
                            )
                end
            )
        ) as scored (component, component_score)
    where scored.component_score is not null
),

scored as (
    {{ health_scores('components', 'weights', ['month_start', 'customer_key'], [
        'sla', 'csat', 'reopening', 'site_health', 'overdue_criticals', 'sca', 'ticket_trend'
    ]) }}
),

total as (
    select sum(weight) as weight
    from weights
),

final as (
    select
        to_char(measured.month_start, 'YYYYMMDD')::integer as date_key,
        measured.month_start,
        measured.next_month_start::timestamp at time zone 'UTC' <= {{ as_of() }} as is_complete,
        measured.customer_key,
        customers.customer_name,
        measured.tickets_created::bigint as tickets_created,
        round(measured.tickets_per_day, 4) as tickets_per_day,
        round(measured.tickets_per_day_before, 4) as tickets_per_day_before,
        measured.sla_met::bigint as sla_met,
        measured.sla_broken::bigint as sla_broken,
        measured.ratings::bigint as ratings,
        measured.good_ratings::bigint as good_ratings,
        measured.reopen_cohort::bigint as reopen_cohort,
        measured.reopened_within_30_days::bigint as reopened_within_30_days,
        measured.devices::bigint as devices,
        measured.overdue_criticals::bigint as overdue_criticals,
        round(scored.sla_score, 4)::numeric(7, 4) as sla_score,
        round(scored.csat_score, 4)::numeric(7, 4) as csat_score,
        round(scored.reopening_score, 4)::numeric(7, 4) as reopening_score,
        round(scored.site_health_score, 4)::numeric(7, 4) as site_health_score,
        round(scored.overdue_criticals_score, 4)::numeric(7, 4) as overdue_criticals_score,
        round(scored.sca_score, 4)::numeric(7, 4) as sca_score,
        round(scored.ticket_trend_score, 4)::numeric(7, 4) as ticket_trend_score,
        round(100 * coalesce(scored.measured_weight, 0) / total.weight, 4)::numeric(7, 4) as measured_weight_pct,
        round(scored.health_score, 4)::numeric(7, 4) as health_score,
        case
            when scored.health_score >= 70 then 'healthy'
            when scored.health_score >= 40 then 'watch'
            when scored.health_score < 40 then 'at risk'
        end as health_band,
        round(scored.health_score - last_month.health_score, 4)::numeric(7, 4) as health_score_change,
        scored.costliest_component,
        case
            when scored.costliest_component is not null then round(scored.costliest_component_points, 4)
        end::numeric(7, 4) as costliest_component_points,
        measured.incident_warnings,
        measured.devices_running_full
    from measured
    cross join total
    left join scored
        on measured.month_start = scored.month_start and measured.customer_key = scored.customer_key
    left join scored as last_month
        on
            (measured.month_start - interval '1 month')::date = last_month.month_start
            and measured.customer_key = last_month.customer_key
    left join customers on measured.customer_key = customers.customer_key
)

select * from final
