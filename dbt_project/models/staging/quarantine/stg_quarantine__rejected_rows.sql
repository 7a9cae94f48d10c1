with source as (
    select * from {{ source('quarantine', 'rejected_rows') }}
),

-- rows of installations older than the columns have the clock's times alone
timed as (
    select
        *,
        coalesce(opened_as_of, rejected_at) as opened_at,
        case when status <> 'open' then coalesce(closed_as_of, replayed_at, rejected_at) end as closed_at
    from source
),

-- the contract's own words quote what it met, which may be anything: neither they nor the payload pass
renamed as (
    select
        source,
        resource,
        payload_hash,
        field,
        case
            when reason = 'is missing' then 'missing'
            when reason like 'expected an object%' then 'no object'
            else 'wrong type'
        end as reason,
        case when closed_at < {{ as_of() }} then status else 'open' end as status,
        opened_at,
        case when closed_at < {{ as_of() }} then closed_at end as closed_at
    from timed
    where opened_at < {{ as_of() }}
)

select * from renamed
