with subjects as (
    select * from {{ ref('stg_odoo__ticket_subjects') }}
),

hosts as (
    select * from {{ ref('int_device__hosts') }}
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

named as (
    select
        words.ticket_id,
        min(hosts.device_key) as device_key
    from words
    inner join hosts on words.host = hosts.host
    where hosts.is_chosen
    group by words.ticket_id
    having count(distinct hosts.device_key) = 1
)

select * from named
