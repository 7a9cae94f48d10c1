with alert_days as (
    select * from {{ ref('fct_security_alerts_daily') }}
),

links as (
    select * from {{ ref('bridge_case_alert') }}
),

rules as (
    select * from {{ ref('dim_alert_rule') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

-- the 30 whole days before the day of as_of
period as (
    select
        to_char(({{ as_of() }} at time zone 'UTC')::date - 30, 'YYYYMMDD')::integer as first_date_key,
        {{ date_key(as_of()) }} as end_date_key
),

raised as (
    select
        alert_days.customer_key,
        alert_days.rule_key,
        sum(alert_days.alerts)::bigint as alerts,
        sum(alert_days.responded)::bigint as responded,
        count(distinct alert_days.agent_key) as agents
    from alert_days
    inner join period
        on
            alert_days.date_key >= period.first_date_key
            and alert_days.date_key < period.end_date_key
    group by alert_days.customer_key, alert_days.rule_key
),

judged as (
    select
        links.customer_key,
        links.rule_key,
        count(*) filter (where links.disposition <> 'untriaged') as triaged,
        count(*) filter (where links.disposition = 'true positive') as true_positives,
        count(*) filter (where links.disposition = 'false positive') as false_positives,
        count(*) filter (
            where links.disposition in ('false positive', 'duplicate', 'no action')
        ) as noise
    from links
    inner join period
        on
            links.date_key >= period.first_date_key
            and links.date_key < period.end_date_key
    group by links.customer_key, links.rule_key
),

joined as (
    select
        raised.customer_key,
        raised.rule_key,
        raised.alerts,
        raised.agents,
        raised.responded,
        coalesce(judged.triaged, 0) as triaged,
        coalesce(judged.true_positives, 0) as true_positives,
        coalesce(judged.false_positives, 0) as false_positives,
        coalesce(judged.noise, 0) as noise,
        sum(raised.alerts) over (partition by raised.customer_key) as customer_alerts
    from raised
    left join judged
        on
            raised.customer_key = judged.customer_key
            and raised.rule_key = judged.rule_key
),

-- enough verdicts that are mostly wrong, or many alerts that nobody ever acted on
advised as (
    select
        joined.customer_key,
        customers.customer_name,
        joined.rule_key,
        rules.rule_id,
        rules.rule_description,
        rules.rule_level,
        rules.severity_key,
        {{ severity_name('rules.severity_key') }} as severity,
        joined.alerts,
        round(100.0 * joined.alerts / joined.customer_alerts, 4)::numeric(7, 4) as share_of_alerts_pct,
        joined.agents,
        joined.responded,
        joined.triaged,
        joined.true_positives,
        joined.false_positives,
        round(100.0 * joined.noise / nullif(joined.triaged, 0), 4)::numeric(7, 4) as noise_pct,
        round(
            100.0 * joined.true_positives / nullif(joined.true_positives + joined.false_positives, 0), 4
        )::numeric(7, 4) as precision_pct,
        case
            when joined.triaged >= 5 and 2 * joined.noise > joined.triaged and joined.true_positives = 0
                then 'suppress'
            when joined.triaged >= 5 and 2 * joined.noise > joined.triaged then 'narrow'
            when
                joined.true_positives = 0
                and joined.responded = 0
                and 10 * joined.alerts >= joined.customer_alerts
                then 'lower the level'
        end as advice
    from joined
    inner join rules on joined.rule_key = rules.rule_key
    left join customers on joined.customer_key = customers.customer_key and customers.is_current
)

select *
from advised
where advice is not null
