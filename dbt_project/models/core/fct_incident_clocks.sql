with incidents as (
    select * from {{ ref('fct_incidents') }}
),

calendars as (
    select * from {{ ref('int_calendar__assignments') }}
),

open_intervals as (
    select * from {{ ref('int_calendar__open_intervals') }}
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
        *,
        coalesce(ended_at, {{ as_of() }}) as runs_until
    from started
    where started_at is not null and (ended_at is not null or is_open)
),

-- a customer's time, parted where its contracts let another calendar count
bounds as (
    select
        customer_key,
        '1900-01-01 00:00:00+00'::timestamptz as bound
    from incidents
    union
    select
        owner_id as customer_key,
        unnest(array[valid_from, valid_to]) as bound
    from calendars
    where owner_kind = 'customer'
),

stretches as (
    select
        customer_key,
        bound as valid_from,
        lead(bound, 1, '9999-12-31 00:00:00+00') over (partition by customer_key order by bound) as valid_to
    from bounds
),

-- incidents do not tell which of the provider's companies works on them
provider as (
    {{ provider_calendar('calendars') }}
),

scheduled as (
    select
        stretches.*,
        coalesce(of_customer.calendar_key, provider.calendar_key) as calendar_key
    from stretches
    left join calendars as of_customer
        on
            of_customer.owner_kind = 'customer'
            and stretches.customer_key = of_customer.owner_id
            and stretches.valid_from >= of_customer.valid_from
            and stretches.valid_from < of_customer.valid_to
    left join provider on true
),

-- before it no calendar is worked out
horizon as (
    select opens_at as begins_at
    from open_intervals
    where calendar_key = -2
),

-- a clock that runs backwards has its parts backwards, too
parts as (
    select
        running.incident_key,
        running.clock,
        scheduled.calendar_key,
        least(greatest(running.started_at, scheduled.valid_from), scheduled.valid_to) as part_from,
        least(greatest(running.runs_until, scheduled.valid_from), scheduled.valid_to) as part_to
    from running
    inner join horizon on least(running.started_at, running.runs_until) >= horizon.begins_at
    inner join scheduled
        on
            running.customer_key = scheduled.customer_key
            and greatest(running.started_at, running.runs_until) >= scheduled.valid_from
            and least(running.started_at, running.runs_until) < scheduled.valid_to
),

business as (
    select
        incident_key,
        clock,
        case
            when bool_and(calendar_key is not null)
                then
                    round(sum(
                        {{ open_seconds_until('calendar_key', 'part_to') }}
                        - {{ open_seconds_until('calendar_key', 'part_from') }}
                    ))
        end::bigint as business_seconds
    from parts
    group by incident_key, clock
),

measured as (
    select
        running.incident_key,
        running.customer_key,
        running.clock,
        running.started_at,
        running.ended_at,
        running.ended_at is not null as is_ended,
        running.is_measured,
        {{ seconds_between('running.started_at', 'running.runs_until') }} as calendar_seconds,
        business.business_seconds
    from running
    left join business
        on
            running.incident_key = business.incident_key
            and running.clock = business.clock
)

select * from measured
