{% macro insights_of_trends() -%}
    {#-
        What rises or falls, of the CTEs trends, devices and customers. is_bad: whether it is bad news that it
        rises, null where that may be good. What would not change a tenth in half a year is no news.
    -#}
    select
        'trend' as insight_kind,
        case when trends.direction = 'falling' or metrics.is_bad is null then 0 else 2 end as severity_key,
        trends.customer_key,
        trends.entity_kind,
        trends.entity_key,
        coalesce(devices.device_name, customers.customer_name, 'Unknown') as entity_name,
        trends.metric as subject,
        metrics.metric_name || ' ' || case trends.direction when 'rising' then 'rises' else 'falls' end as title,
        metrics.metric_name || ' of ' || coalesce(devices.device_name, customers.customer_name, 'an unknown one')
        || ' changed by ' || {{ signed('trends.slope', 3) }} || metrics.unit_of_change || ' a week (95 % interval '
        || {{ signed('trends.slope_lower', 3) }} || ' to ' || {{ signed('trends.slope_upper', 3) }} || ') from '
        || trends.first_week || ' to ' || (trends.until - 1) || '; its last week stood at '
        || {{ rounded('trends.newest_value', 1) }} || metrics.unit || '.' as message,
        null as recommendation,
        trends.newest_value::numeric as insight_value,
        null::numeric as value_before,
        26 * abs(trends.slope) / nullif(abs(trends.newest_value), 0) as size,
        trends.first_week as from_date,
        trends.until - 1 as until_date,
        'predictions.series_trends' as told_by
    from trends
    inner join (
        values
        ('cpu_pct', 'Processor use', ' %', ' points', true),
        ('mem_pct', 'Memory use', ' %', ' points', true),
        ('disk_pct', 'Disk use', ' %', ' points', true),
        ('net_mbit_per_second', 'Network traffic', ' Mbit/s', ' Mbit/s', null),
        ('tickets_created', 'Weekly tickets', '', '', null),
        ('ticket_backlog', 'Open tickets', '', '', true),
        ('promises_missed_pct', 'Promises missed', ' %', ' points', true),
        ('alerts', 'Weekly alerts', '', '', null),
        ('high_alerts', 'Weekly high and critical alerts', '', '', true),
        ('open_vulnerabilities', 'Open vulnerabilities', '', '', true),
        ('overdue_vulnerabilities', 'Overdue vulnerabilities', '', '', true)
    ) as metrics (metric, metric_name, unit, unit_of_change, is_bad)
        on trends.metric = metrics.metric
    left join devices on trends.entity_kind = 'device' and trends.entity_key = devices.device_key
    left join customers on trends.entity_kind = 'customer' and trends.entity_key = customers.customer_key
    where trends.direction in ('rising', 'falling') and 26 * abs(trends.slope) >= 0.1 * abs(trends.newest_value)
{%- endmacro %}
