{% macro insights_of_sites() -%}
    {#- Which sites' health changed by five points or more in a week, of the CTE site_days. -#}
    select
        'site health' as insight_kind,
        case when score > score_before then 0 when score_before - score >= 15 then 3 else 2 end as severity_key,
        customer_key,
        'site' as entity_kind,
        site_key as entity_key,
        site_name as entity_name,
        '' as subject,
        'Site health ' || case when score > score_before then 'rose' else 'fell' end as title,
        'The health of ' || site_name || ' was ' || {{ rounded('score', 1) }} || ' of 100 in the 7 days up to '
        || {{ last_day() }} || ', after ' || {{ rounded('score_before', 1) }} || ' in the 7 days before ('
        || {{ signed('score - score_before', 1) }} || ')'
        || coalesce('; most is lost by ' || replace(costliest_component, '_', ' '), '') || '.' as message,
        null as recommendation,
        score as insight_value,
        score_before as value_before,
        abs(score - score_before) as size,
        {{ last_day() }} - 6 as from_date,
        {{ last_day() }} as until_date,
        'marts.site_health_score_daily' as told_by
    from (
        select
            site_key,
            customer_key,
            max(site_name) as site_name,
            avg(health_score) filter (where date_day > {{ last_day() }} - 7) as score,
            avg(health_score) filter (where date_day <= {{ last_day() }} - 7) as score_before,
            (array_agg(costliest_component order by date_day desc))[1] as costliest_component
        from site_days
        group by site_key, customer_key
    ) as site_weeks
    where abs(score - score_before) >= 5
{%- endmacro %}

{% macro insights_of_customers() -%}
    {#- Which customers' health changed by five points or more, of the CTE customer_months. -#}
    select
        'customer health' as insight_kind,
        case when health_score_change > 0 then 0 when health_score_change <= -15 then 3 else 2 end as severity_key,
        customer_key,
        'customer' as entity_kind,
        customer_key as entity_key,
        customer_name as entity_name,
        '' as subject,
        'Customer health ' || case when health_score_change > 0 then 'rose' else 'fell' end as title,
        'The health of ' || customer_name || ' was ' || {{ rounded('health_score', 1) }} || ' of 100 (' || health_band
        || ') in ' || to_char(month_start, 'YYYY-MM') || ', ' || {{ signed('health_score_change', 1) }}
        || ' from the month before'
        || coalesce('; most is lost by ' || replace(costliest_component, '_', ' '), '') || '.' as message,
        null as recommendation,
        health_score as insight_value,
        health_score - health_score_change as value_before,
        abs(health_score_change) as size,
        month_start as from_date,
        (month_start + interval '1 month')::date - 1 as until_date,
        'marts.customer_health_score_monthly' as told_by
    from customer_months
    where abs(health_score_change) >= 5
{%- endmacro %}
