with subjects as (
    select * from {{ ref('stg_odoo__ticket_subjects') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

parties as (
    select * from {{ ref('int_ticket__parties') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
),

owners as (
    select * from {{ ref('int_device__owners') }}
),

-- a host name has a digit, a hyphen or a dot; no other word is looked up
words as (
    select distinct
        subjects.ticket_id,
        {{ host_name('word.text') }} as host
    from subjects
    cross join lateral regexp_split_to_table(subjects.subject, '[^[:alnum:]._-]+') as word (text)
    where word.text ~ '[[:digit:]._-]'
),

-- customers may call their machines alike: another's device is not meant
named as (
    select
        words.ticket_id,
        min(hosts.device_key) as device_key
    from words
    inner join hosts on words.host = hosts.host
    inner join tickets on words.ticket_id = tickets.ticket_id
    inner join parties on words.ticket_id = parties.ticket_id
    left join owners
        on
            hosts.device_key = owners.device_key
            and tickets.created_at >= owners.valid_from
            and tickets.created_at < owners.valid_to
    where
        hosts.is_chosen
        and (owners.customer_key is null or parties.customer_key in (owners.customer_key, -1))
    group by words.ticket_id
    having count(distinct hosts.device_key) = 1
)

select * from named
