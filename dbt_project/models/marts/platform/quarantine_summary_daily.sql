with rejected_rows as (
    select * from {{ ref('fct_rejected_rows') }}
),

loads as (
    select * from {{ ref('fct_loads_daily') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

slices as (
    select
        source,
        resource,
        field,
        reason,
        date_key as first_date_key
    from rejected_rows
    union all
    select
        source,
        resource,
        'all' as field,
        'all' as reason,
        date_key as first_date_key
    from rejected_rows
    union all
    select
        source,
        resource,
        'all' as field,
        'all' as reason,
        date_key as first_date_key
    from loads
),

spans as (
    select
        source,
        resource,
        field,
        reason,
        min(first_date_key) as first_date_key
    from slices
    group by source, resource, field, reason
),

moves as (
    select
        source,
        resource,
        field,
        reason,
        date_key,
        'rejected' as move
    from rejected_rows
    union all
    select
        source,
        resource,
        field,
        reason,
        closed_date_key as date_key,
        status as move
    from rejected_rows
    where closed_date_key is not null
),

all_moves as (
    select * from moves
    union all
    select
        source,
        resource,
        'all' as field,
        'all' as reason,
        date_key,
        move
    from moves
),

moved as (
    select
        source,
        resource,
        field,
        reason,
        date_key,
        count(*) filter (where move = 'rejected') as rejected,
        count(*) filter (where move = 'replayed') as replayed,
        count(*) filter (where move = 'superseded') as superseded
    from all_moves
    group by source, resource, field, reason, date_key
),

counted as (
    select
        days.date_key,
        days.date_day,
        spans.source,
        spans.resource,
        spans.field,
        spans.reason,
        coalesce(moved.rejected, 0) as rejected,
        coalesce(moved.replayed, 0) as replayed,
        coalesce(moved.superseded, 0) as superseded,
        coalesce(sum(moved.rejected - moved.replayed - moved.superseded) over up_to_day, 0)::bigint as open_at_end
    from spans
    inner join days
        on
            spans.first_date_key <= days.date_key
            and days.date_day <= {{ utc_date(as_of()) }}
    left join moved
        on
            spans.source = moved.source
            and spans.resource = moved.resource
            and spans.field = moved.field
            and spans.reason = moved.reason
            and days.date_key = moved.date_key
    window
        up_to_day as (
            partition by spans.source, spans.resource, spans.field, spans.reason
            order by days.date_key
        )
),

joined as (
    select
        counted.date_key,
        counted.date_day,
        case when counted.reason = 'all' then 'resource' else 'reason' end as level,
        counted.source,
        counted.resource,
        counted.field,
        counted.reason,
        counted.rejected,
        counted.replayed,
        counted.superseded,
        counted.open_at_end,
        case when counted.reason = 'all' then coalesce(loads.loads, 0) end as loads,
        case when counted.reason = 'all' then coalesce(loads.received, 0) end as received,
        case when counted.reason = 'all' then coalesce(loads.accepted, 0) end as accepted,
        case when counted.reason = 'all' then round(100.0 * loads.accepted / nullif(loads.received, 0), 4) end
            as data_quality_score
    from counted
    left join loads
        on
            counted.date_key = loads.date_key
            and counted.source = loads.source
            and counted.resource = loads.resource
)

select * from joined
where
    level = 'resource'
    or rejected + replayed + superseded + open_at_end > 0
