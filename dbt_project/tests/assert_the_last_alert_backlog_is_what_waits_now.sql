-- what is critical and waits is told twice, by day and as of now: at as_of both must name the same items
with waiting as (
    select * from {{ ref('fct_alert_backlog_daily') }}
    where date_day = {{ utc_date(as_of()) }} and severity_key = 4
),

present as (
    select * from {{ ref('critical_alerts_current') }}
),

compared as (
    select
        waiting.item_key as waiting_key,
        present.item_key as present_key
    from waiting
    full join present on waiting.item_kind = present.item_kind and waiting.item_key = present.item_key
)

select * from compared
where waiting_key is null or present_key is null
