with served as (
    select * from {{ ref('fct_site_availability_daily') }}
),

percentiles as (
    select * from {{ ref('fct_infrastructure_percentiles_daily') }}
    where level = 'site'
),

alert_backlog as (
    select * from {{ ref('fct_alert_backlog_daily') }}
    where severity_key = 4
),

alert_days as (
    select * from {{ ref('security_metrics_daily') }}
    where alerts > 0
),

incidents as (
    select * from {{ ref('fct_incidents') }}
),

posture as (
    select * from {{ ref('compliance_posture_daily') }}
),

vulnerability_days as (
    select * from {{ ref('fct_vulnerability_daily') }}
),

weights as (
    select * from {{ ref('dim_health_component') }}
    where score = 'site'
),

sites as (
    select * from {{ ref('dim_site') }}
    where is_current
),

customers as (
    select * from {{ ref('dim_customer') }}
    where is_current
),

waiting as (
    select
        date_key,
        site_key,
        customer_key,
        count(*) as open_criticals
    from alert_backlog
    group by date_key, site_key, customer_key
),

-- where nothing was ever raised nobody listens, and no alert is no good news
watched as (
    select
        site_key,
        customer_key,
        min(date_key) as first_date_key
    from (
        select
            site_key,
            customer_key,
            date_key
        from alert_days
        union all
        select
            site_key,
            customer_key,
            {{ date_key('detected_at') }} as date_key
        from incidents
    ) as raised
    group by site_key, customer_key
),

assessed as (
    select
        date_key,
        site_key,
        customer_key,
        sum(passed) as passed,
        sum(failed) as failed
    from posture
    group by date_key, site_key, customer_key
),

-- where no finding was ever read nobody may look for them
scanned as (
    select
        site_key,
        customer_key,
        min(date_key) as first_date_key
    from vulnerability_days
    group by site_key, customer_key
),

vulnerable as (
    select
        date_key,
        site_key,
        customer_key,
        sum(overdue_count) as overdue_criticals
    from vulnerability_days
    where severity_key = 4
    group by date_key, site_key, customer_key
),

measured as (
    select
        served.date_key,
        served.date_day,
        served.site_key,
        served.customer_key,
        served.devices,
        served.up_minutes,
        served.down_minutes,
        100 * (served.up_minutes + served.down_minutes)
        / nullif(served.up_minutes + served.down_minutes + served.unknown_minutes, 0) as coverage_pct,
        100 * served.up_minutes / nullif(served.up_minutes + served.down_minutes, 0) as availability_pct,
        percentiles.cpu_p95_pct,
        percentiles.mem_p95_pct,
        percentiles.disk_p95_pct,
        greatest(percentiles.cpu_p95_pct, percentiles.mem_p95_pct, percentiles.disk_p95_pct) as worst_p95_pct,
        case
            when watched.first_date_key is not null and served.date_day >= {{ backlog_kept_from() }}
                then coalesce(waiting.open_criticals, 0)
        end as open_criticals,
        100.0 * assessed.passed / nullif(assessed.passed + assessed.failed, 0) as compliance_pct,
        case when scanned.first_date_key is not null then coalesce(vulnerable.overdue_criticals, 0) end
            as overdue_criticals
    from served
    left join percentiles
        on
            served.date_key = percentiles.date_key
            and served.site_key = percentiles.site_key
            and served.customer_key = percentiles.customer_key
    left join waiting
        on
            served.date_key = waiting.date_key
            and served.site_key = waiting.site_key
            and served.customer_key = waiting.customer_key
    left join watched
        on
            served.site_key = watched.site_key
            and served.customer_key = watched.customer_key
            and served.date_key >= watched.first_date_key
    left join assessed
        on
            served.date_key = assessed.date_key
            and served.site_key = assessed.site_key
            and served.customer_key = assessed.customer_key
    left join scanned
        on
            served.site_key = scanned.site_key
            and served.customer_key = scanned.customer_key
            and served.date_key >= scanned.first_date_key
    left join vulnerable
        on
            served.date_key = vulnerable.date_key
            and served.site_key = vulnerable.site_key
            and served.customer_key = vulnerable.customer_key
),

components as (
    select
        measured.date_key,
        measured.site_key,
        measured.customer_key,
        scored.component,
        scored.component_score
    from measured
    cross join
        lateral (
            values
            ('availability', greatest(0, least(100, 100 * (measured.availability_pct - 95) / 4.9))),
            ('resource_headroom', 100 - 2 * greatest(0, measured.worst_p95_pct - 50)),
            ('alert_pressure', greatest(0, 100 - 20 * 10.0 * measured.open_criticals / measured.devices)),
            (
                'security_posture',
                greatest(
                    0,
                    measured.compliance_pct
                    - 20 * 10.0 * coalesce(measured.overdue_criticals, 0) / measured.devices
                )
            )
        ) as scored (component, component_score)
    -- greatest and least leave a null out where it should stay one
    where
        case scored.component
            when 'availability' then measured.availability_pct
            when 'resource_headroom' then measured.worst_p95_pct
            when 'alert_pressure' then measured.open_criticals
            when 'security_posture' then measured.compliance_pct
        end is not null
),

scored as (
    {{ health_scores('components', 'weights', ['date_key', 'site_key', 'customer_key'], [
        'availability', 'resource_headroom', 'alert_pressure', 'security_posture'
    ]) }}
),

total as (
    select sum(weight) as weight
    from weights
),

final as (
    select
        measured.date_key,
        measured.date_day,
        measured.site_key,
        sites.site_name,
        measured.customer_key,
        customers.customer_name,
        measured.devices,
        measured.up_minutes,
        measured.down_minutes,
        round(measured.coverage_pct, 4)::numeric(7, 4) as coverage_pct,
        round(measured.availability_pct, 4)::numeric(7, 4) as availability_pct,
        round(measured.cpu_p95_pct, 4)::numeric(7, 4) as cpu_p95_pct,
        round(measured.mem_p95_pct, 4)::numeric(7, 4) as mem_p95_pct,
        round(measured.disk_p95_pct, 4)::numeric(7, 4) as disk_p95_pct,
        measured.open_criticals,
        round(measured.compliance_pct, 4)::numeric(7, 4) as compliance_pct,
        measured.overdue_criticals::bigint as overdue_criticals,
        round(scored.availability_score, 4)::numeric(7, 4) as availability_score,
        round(scored.resource_headroom_score, 4)::numeric(7, 4) as resource_headroom_score,
        round(scored.alert_pressure_score, 4)::numeric(7, 4) as alert_pressure_score,
        round(scored.security_posture_score, 4)::numeric(7, 4) as security_posture_score,
        round(100 * coalesce(scored.measured_weight, 0) / total.weight, 4)::numeric(7, 4) as measured_weight_pct,
        case when measured.coverage_pct >= 60 then round(scored.health_score, 4) end::numeric(7, 4) as health_score,
        case when measured.coverage_pct >= 60 then scored.costliest_component end as costliest_component,
        case
            when measured.coverage_pct >= 60 and scored.costliest_component is not null
                then round(scored.costliest_component_points, 4)
        end::numeric(7, 4) as costliest_component_points
    from measured
    cross join total
    left join scored
        on
            measured.date_key = scored.date_key
            and measured.site_key = scored.site_key
            and measured.customer_key = scored.customer_key
    left join sites on measured.site_key = sites.site_key
    left join customers on measured.customer_key = customers.customer_key
)

select * from final
