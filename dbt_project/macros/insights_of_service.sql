{% macro insights_of_promises() -%}
    {#- Whose promises were missed in the last week, of the CTE ticket_weeks. -#}
    select
        'promises missed' as insight_kind,
        case when 100 * kept < 80 * (kept + missed) then 3 else 2 end as severity_key,
        customer_key,
        'customer' as entity_kind,
        customer_key as entity_key,
        customer_name as entity_name,
        '' as subject,
        'Promises were missed' as title,
        missed || ' of ' || {{ counted('(kept + missed)', 'promise') }} || ' due in the 7 days up to ' || {{ last_day() }}
        || case when missed = 1 then ' was' else ' were' end || ' missed, ' || {{ rounded('100 * kept / (kept + missed)', 1) }}
        || ' % were kept; in the 28 days before '
        || coalesce('it was ' || {{ rounded('100 * kept_before / nullif(due_before, 0)', 1) }} || ' %', 'none was due')
        || '.' as message,
        null as recommendation,
        100 * kept / (kept + missed) as insight_value,
        100 * kept_before / nullif(due_before, 0) as value_before,
        missed as size,
        {{ last_day() }} - 6 as from_date,
        {{ last_day() }} as until_date,
        'marts.ticket_metrics_daily' as told_by
    from ticket_weeks
    where missed > 0
{%- endmacro %}

{% macro insights_of_backlogs() -%}
    {#- Whose backlog grew by five tickets and a fifth in a week, of the CTE ticket_weeks. -#}
    select
        'backlog' as insight_kind,
        case when backlog >= 2 * backlog_before then 3 else 2 end as severity_key,
        customer_key,
        'customer' as entity_kind,
        customer_key as entity_key,
        customer_name as entity_name,
        '' as subject,
        'The backlog grows' as title,
        {{ counted('backlog', 'ticket') }} || ' stood open at the end of ' || {{ last_day() }} || ', '
        || (backlog - backlog_before) || ' more than 7 days before ('
        || case when backlog_before = 0 then 'none' else backlog_before::text end || ').' as message,
        null as recommendation,
        backlog as insight_value,
        backlog_before as value_before,
        backlog - backlog_before as size,
        {{ last_day() }} - 6 as from_date,
        {{ last_day() }} as until_date,
        'marts.ticket_metrics_daily' as told_by
    from ticket_weeks
    where backlog - backlog_before >= 5 and 5 * backlog >= 6 * backlog_before
{%- endmacro %}

{% macro insights_of_alerts() -%}
    {#- Whose high and critical alerts increased by a quarter to twenty or more, of the CTE security_months. -#}
    select
        'alerts' as insight_kind,
        case when alerts >= 2 * alerts_before then 3 else 2 end as severity_key,
        customer_key,
        'customer' as entity_kind,
        customer_key as entity_key,
        customer_name as entity_name,
        '' as subject,
        'High and critical alerts increased' as title,
        {{ counted('alerts', 'alert') }} || ' of high or critical severity came in the 30 days up to ' || {{ last_day() }}
        || ', after ' || case when alerts_before = 0 then 'none' else alerts_before::text end || ' in the 30 days before'
        || coalesce(' (' || {{ signed('100 * alerts / nullif(alerts_before, 0) - 100', 1) }} || ' %)', '') || '.' as message,
        null as recommendation,
        alerts as insight_value,
        alerts_before as value_before,
        alerts - alerts_before as size,
        {{ last_day() }} - 29 as from_date,
        {{ last_day() }} as until_date,
        'marts.security_metrics_daily' as told_by
    from security_months
    where first_day <= {{ last_day() }} - 59 and alerts >= 20 and 4 * alerts >= 5 * alerts_before
{%- endmacro %}

{% macro insights_of_rules() -%}
    {#- Which rules are mostly noise, of the CTE rules. -#}
    select
        'noisy rule' as insight_kind,
        1 as severity_key,
        customer_key,
        'rule' as entity_kind,
        rule_key as entity_key,
        rule_id as entity_name,
        '' as subject,
        'A rule is mostly noise' as title,
        'Rule ' || rule_id || ' raised ' || {{ counted('alerts', 'alert') }} || ', ' || {{ rounded('share_of_alerts_pct', 1) }}
        || ' % of all, in the 30 days up to ' || {{ last_day() }} || '; '
        || coalesce(
            'of ' || {{ counted('triaged', 'verdict') }} || ' ' || {{ rounded('noise_pct', 1) }} || ' % called it noise',
            'nobody judged it'
        )
        || '.' as message,
        advice as recommendation,
        alerts as insight_value,
        null::numeric as value_before,
        alerts as size,
        {{ last_day() }} - 29 as from_date,
        {{ last_day() }} as until_date,
        'marts.rule_tuning_candidates' as told_by
    from rules
{%- endmacro %}
