{{ config(materialized='view') }}

with incidents as (
    select * from {{ ref('fct_incidents') }}
),

{% set clocks = [
    ('detect', 'occurred_at', 'detected_at'),
    ('acknowledge from detection', 'detected_at', 'acknowledged_at'),
    ('acknowledge from event', 'occurred_at', 'acknowledged_at'),
    ('mitigate', 'acknowledged_at', 'mitigated_at'),
    ('resolve from acknowledgement', 'acknowledged_at', 'resolved_at'),
    ('resolve from detection', 'detected_at', 'resolved_at'),
    ('restore', 'occurred_at', 'resolved_at')
] %}

started as (
    {% for clock, started_at, ended_at in clocks %}
        select
            incident_key,
            customer_key,
            is_open,
            not is_false_positive and not is_duplicate and not has_order_violation as is_measured,
            '{{ clock }}' as clock,
            {{ started_at }} as started_at,
            {{ ended_at }} as ended_at
        from incidents
        {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- a clock that still runs has an elapsed time and no end; a step that was skipped until the incident
-- was over will not be taken any more
running as (
    select
        incident_key,
        customer_key,
        clock,
        started_at,
        ended_at,
        ended_at is not null as is_ended,
        is_measured,
        {{ seconds_between('started_at', 'coalesce(ended_at, ' ~ as_of() ~ ')') }} as calendar_seconds
    from started
    where started_at is not null and (ended_at is not null or is_open)
)

select * from running
