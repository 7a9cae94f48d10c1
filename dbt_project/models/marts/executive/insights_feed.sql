with trends as (
    select * from {{ ref('series_trends') }}
    where is_newest
),

outlooks as (
    select * from {{ ref('capacity_forecast_current') }}
    where days_to_critical_p10 is not null or days_to_warn_p50 is not null
),

newest_predictions as (
    {{ newest_incident_predictions() }}
),

score_days as (
    select * from {{ ref('prediction_outcomes') }}
    where
        model = 'infrastructure_anomaly'
        and is_scored
        and date_key >= {{ date_key('(' ~ as_of() ~ " - interval '7 days')") }}
        and date_key < {{ date_key(as_of()) }}
),

site_days as (
    select * from {{ ref('site_health_score_daily') }}
    where date_day between {{ last_day() }} - 13 and {{ last_day() }}
),

customer_months as (
    select * from {{ ref('customer_health_score_monthly') }}
    where month_start = (date_trunc('month', {{ utc_date(as_of()) }}::timestamp) - interval '1 month')::date
),

ticket_days as (
    select * from {{ ref('ticket_metrics_daily') }}
    where level = 'customer' and date_day between {{ last_day() }} - 34 and {{ last_day() }}
),

security_days as (
    select * from {{ ref('security_metrics_daily') }}
    where date_key >= {{ date_key('(' ~ as_of() ~ " - interval '67 days')") }} and date_day <= {{ last_day() }}
),

rules as (
    select * from {{ ref('rule_tuning_candidates') }}
),

devices as (
    select * from {{ ref('dim_device') }}
    where is_current and not is_deleted and device_key > 0
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

ticket_weeks as (
    select
        customer_key,
        max(customer_name) as customer_name,
        sum(sla_met) filter (where date_day > {{ last_day() }} - 7) as kept,
        sum(sla_breached + sla_overdue) filter (where date_day > {{ last_day() }} - 7) as missed,
        sum(sla_met) filter (where date_day <= {{ last_day() }} - 7) as kept_before,
        sum(sla_met + sla_breached + sla_overdue) filter (where date_day <= {{ last_day() }} - 7) as due_before,
        coalesce(sum(backlog) filter (where date_day = {{ last_day() }}), 0) as backlog,
        coalesce(sum(backlog) filter (where date_day = {{ last_day() }} - 7), 0) as backlog_before
    from ticket_days
    group by customer_key
),

security_months as (
    select
        customer_key,
        max(customer_name) as customer_name,
        min(date_day) filter (where alerts > 0) as first_day,
        coalesce(sum(alerts) filter (where severity_key >= 3 and date_day > {{ last_day() }} - 30), 0) as alerts,
        coalesce(
            sum(alerts) filter (
                where severity_key >= 3 and date_day between {{ last_day() }} - 59 and {{ last_day() }} - 30
            ), 0
        ) as alerts_before
    from security_days
    group by customer_key
),

insights as (
    {{ insights_of_trends() }}
    union all
    {{ insights_of_capacity() }}
    union all
    {{ insights_of_predictions() }}
    union all
    {{ insights_of_anomalies() }}
    union all
    {{ insights_of_sites() }}
    union all
    {{ insights_of_customers() }}
    union all
    {{ insights_of_promises() }}
    union all
    {{ insights_of_backlogs() }}
    union all
    {{ insights_of_alerts() }}
    union all
    {{ insights_of_rules() }}
),

-- the gravest and largest of a kind, so that no kind drowns the others
of_kind as (
    select
        *,
        row_number() over (
            partition by customer_key, insight_kind
            order by severity_key desc, size desc nulls last, entity_key asc, subject asc
        ) as place
    from insights
),

final as (
    select
        {{ surrogate_key('insight', [
            'of_kind.insight_kind', 'of_kind.customer_key', 'of_kind.entity_kind', 'of_kind.entity_key', 'of_kind.subject'
        ]) }} as insight_key,
        to_char({{ last_day() }}, 'YYYYMMDD')::integer as date_key,
        {{ last_day() }} as date_day,
        of_kind.customer_key,
        coalesce(customers.customer_name, 'Unknown') as customer_name,
        row_number() over (
            partition by of_kind.customer_key
            order by of_kind.severity_key desc, of_kind.place asc, of_kind.insight_kind asc
        )::integer as insight_rank,
        of_kind.insight_kind,
        of_kind.severity_key,
        {{ severity_name('of_kind.severity_key') }} as severity,
        of_kind.entity_kind,
        of_kind.entity_key,
        of_kind.entity_name,
        of_kind.subject as topic,
        of_kind.title,
        of_kind.message,
        of_kind.recommendation,
        round(of_kind.insight_value::numeric, 4)::numeric(20, 4) as insight_value,
        round(of_kind.value_before::numeric, 4)::numeric(20, 4) as value_before,
        of_kind.from_date,
        of_kind.until_date,
        of_kind.told_by
    from of_kind
    left join customers on of_kind.customer_key = customers.customer_key
    where of_kind.place <= 4
)

select * from final
