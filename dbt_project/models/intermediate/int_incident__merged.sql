with candidates as (
    select * from {{ ref('int_incident__sources') }}
),

owners as (
    select * from {{ ref('int_device__owners') }}
),

-- What did not happen and what is told twice stands alone. On a device whose incident it is counts
-- too, since several customers may share it or have it one after the other. Without a device the
-- customer is shared, without either nothing.
scoped as (
    select
        candidates.*,
        case
            when candidates.is_false_positive or candidates.is_duplicate
                then candidates.source || ' ' || candidates.source_id
            when candidates.device_key > 0
                then
                    'device ' || candidates.device_key
                    || ' customer ' || coalesce(nullif(candidates.customer_key, -1), owners.customer_key, -1)
            when candidates.customer_key > 0 then 'customer ' || candidates.customer_key
            else candidates.source || ' ' || candidates.source_id
        end as scope,
        -- Work on a device is one incident while it lasts, but a case nobody closes swallows no more
        -- than three days. A customer alone says less: there only the beginning counts.
        case
            when candidates.device_key > 0
                then
                    least(
                        greatest(coalesce(candidates.resolved_at, {{ as_of() }}), candidates.occurred_at),
                        candidates.occurred_at + interval '72 hours'
                    )
            else candidates.occurred_at
        end + interval '60 minutes' as joinable_until
    from candidates
    left join owners
        on
            candidates.device_key = owners.device_key
            and candidates.occurred_at >= owners.valid_from
            and candidates.occurred_at < owners.valid_to
),

reached as (
    select
        *,
        max(joinable_until) over (
            partition by scope
            order by occurred_at, source, source_id
            rows between unbounded preceding and 1 preceding
        ) as others_joinable_until
    from scoped
),

numbered as (
    select
        *,
        count(*) filter (where others_joinable_until is null or occurred_at > others_joinable_until) over (
            partition by scope
            order by occurred_at, source, source_id
            rows between unbounded preceding and current row
        ) as incident_number
    from reached
),

-- a case leads before a ticket and a ticket before an outage: it knows most
led as (
    select
        *,
        first_value(source) over incident as lead_source,
        first_value(source_id) over incident as lead_source_id
    from numbered
    window
        incident as (
            partition by scope, incident_number
            order by
                case source when 'case' then 1 when 'ticket' then 2 else 3 end,
                occurred_at,
                source_id
        )
),

merged as (
    select
        {{ surrogate_key('incidents', ['lead_source', 'lead_source_id']) }} as incident_key,
        source,
        source_id,
        source = lead_source and source_id = lead_source_id as is_lead,
        device_key,
        customer_key,
        severity_key,
        type_precedence,
        incident_type,
        occurred_at,
        detected_at,
        acknowledged_at,
        mitigated_at,
        resolved_at,
        closed_at,
        is_true_positive,
        is_false_positive,
        is_duplicate,
        _known_at,
        _load_id
    from led
)

select * from merged
