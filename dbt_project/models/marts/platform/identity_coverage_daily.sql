with devices as (
    select * from {{ ref('bridge_device_identity') }}
),

customers as (
    select * from {{ ref('bridge_customer_identity') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

identities as (
    select
        system as source,
        'device' as entity,
        case when is_matched then method end as method,
        devices_named > 1 as is_conflict,
        {{ utc_date('valid_from') }} as first_day,
        case when not is_current then {{ utc_date('valid_to') }} end as day_after
    from devices
    union all
    select
        system as source,
        'customer' as entity,
        method,
        false as is_conflict,
        {{ utc_date('known_since') }} as first_day,
        null as day_after
    from customers
    where system <> 'odoo'
),

-- one more on the day it comes, one less on the day after it went
moves as (
    select
        source,
        entity,
        first_day as date_day,
        method,
        is_conflict,
        1 as step
    from identities
    union all
    select
        source,
        entity,
        day_after as date_day,
        method,
        is_conflict,
        -1 as step
    from identities
    where day_after is not null
),

sums as (
    select
        source,
        entity,
        date_day,
        sum(step) as known,
        sum(step) filter (where method = 'customer map') as by_map,
        sum(step) filter (where method in ('name', 'slug')) as by_name,
        sum(step) filter (where method = 'former name') as by_former_name,
        sum(step) filter (where method = 'full name') as by_full_name,
        sum(step) filter (where method = 'short name and site') as by_site,
        sum(step) filter (where method = 'serial') as by_serial,
        sum(step) filter (where method = 'primary address') as by_address,
        sum(step) filter (where method = 'itself' or method is null) as unmatched,
        sum(step) filter (where is_conflict) as conflicts
    from moves
    group by source, entity, date_day
),

spans as (
    select
        source,
        entity,
        min(date_day) as first_day
    from sums
    group by source, entity
),

counted as (
    select
        days.date_key,
        days.date_day,
        spans.source,
        spans.entity,
        coalesce(sum(sums.known) over up_to_day, 0)::integer as known,
        coalesce(sum(sums.by_map) over up_to_day, 0)::integer as by_map,
        coalesce(sum(sums.by_name) over up_to_day, 0)::integer as by_name,
        coalesce(sum(sums.by_former_name) over up_to_day, 0)::integer as by_former_name,
        coalesce(sum(sums.by_full_name) over up_to_day, 0)::integer as by_full_name,
        coalesce(sum(sums.by_site) over up_to_day, 0)::integer as by_site,
        coalesce(sum(sums.by_serial) over up_to_day, 0)::integer as by_serial,
        coalesce(sum(sums.by_address) over up_to_day, 0)::integer as by_address,
        coalesce(sum(sums.unmatched) over up_to_day, 0)::integer as unmatched,
        coalesce(sum(sums.conflicts) over up_to_day, 0)::integer as conflicts
    from spans
    inner join days
        on
            spans.first_day <= days.date_day
            and days.date_day <= {{ utc_date(as_of()) }}
    left join sums
        on
            spans.source = sums.source
            and spans.entity = sums.entity
            and days.date_day = sums.date_day
    window up_to_day as (partition by spans.source, spans.entity order by days.date_day)
),

shared as (
    select
        date_key,
        date_day,
        source,
        entity,
        known,
        known - unmatched as matched,
        by_map,
        by_name,
        by_former_name,
        by_full_name,
        by_site,
        by_serial,
        by_address,
        unmatched,
        conflicts,
        (100.0 * (known - unmatched) / nullif(known, 0))::numeric(5, 2) as matched_pct
    from counted
)

select * from shared
