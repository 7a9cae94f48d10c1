with hive_alerts as (
    select * from {{ ref('stg_thehive__alerts') }}
),

subjects as (
    select * from {{ ref('int_thehive__subjects') }}
),

agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

candidates as (
    select * from {{ ref('int_incident__merged') }}
),

-- the integration writes Wazuh's id, with a suffix of its own when it sends an alert again
referring as (
    select
        hive_alerts.*,
        regexp_replace(hive_alerts.alert_reference, '-[0-9a-f]+$', '') as wazuh_alert_id,
        hive_alerts.alert_reference ~ '-[0-9a-f]+$' as is_repeated
    from hive_alerts
),

-- an alert is indexed by its node, and TheHive names the manager
nodes as (
    select distinct node_name as node
    from agent_versions
    where node_name is not null
    union
    select distinct alert_source as node
    from hive_alerts
    where alert_source is not null
),

-- arrays are looked up in the index; a join would read all alerts, since a view with CTEs is planned apart
alerts as (
    select *
    from {{ ref('stg_wazuh__alerts') }}
    where
        node = any(array(select nodes.node from nodes))
        and alert_id = any(array(select referring.wazuh_alert_id from referring))
),

matches as (
    select distinct on (referring.hive_alert_id)
        referring.hive_alert_id,
        alerts.node,
        alerts.alert_id,
        alerts.manager_timestamp,
        alerts.event_at,
        alerts.rule_id,
        alerts._known_at,
        alerts._load_id
    from referring
    cross join nodes
    inner join alerts
        on
            nodes.node = alerts.node
            and referring.wazuh_alert_id = alerts.alert_id
            and referring.alert_source in (alerts.manager_name, alerts.node)
    order by
        referring.hive_alert_id asc,
        abs(extract(epoch from alerts.event_at - referring.raised_at)) asc nulls last,
        alerts.manager_timestamp asc,
        alerts.node asc
),

alert_tags as (
    select
        referring.hive_alert_id,
        tags.tag
    from referring
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(referring.tags) = 'array' then referring.tags else '[]' end
    ) as tags (tag)
),

rule_tags as (
    select
        hive_alert_id,
        min(substr(tag, length('rule=') + 1)) as rule_id
    from alert_tags
    where tag like 'rule=%'
    group by hive_alert_id
),

-- the urgent ticket that is the same incident
incident_tickets as (
    select
        incident_key,
        min(occurred_at) as first_ticket_at
    from candidates
    where source = 'ticket'
    group by incident_key
),

chained as (
    select
        referring.hive_alert_id,
        case
            when matches.alert_id is null then 'none'
            when referring.is_repeated then 'repeated reference'
            else 'reference'
        end as link_method,
        {{ surrogate_key('wazuh.alerts', [
            'matches.node', 'matches.alert_id', 'extract(epoch from matches.manager_timestamp)'
        ]) }} as alert_key,
        coalesce(matches.event_at, referring.raised_at, referring.created_at) as event_at,
        coalesce(matches.rule_id, rule_tags.rule_id) as rule_id,
        subjects.device_key,
        subjects.customer_key,
        referring.entered_new_at,
        least(
            referring.entered_in_progress_at, referring.imported_at, referring.closed_at
        ) as triaged_at,
        referring.imported_at,
        referring.alert_stage,
        referring.alert_status,
        case when cases.case_id is not null then referring.case_id end as case_id,
        candidates.incident_key,
        incident_tickets.first_ticket_at,
        -- imported alerts share the fate of their case; the others were judged by themselves
        case
            when cases.case_status = 'TruePositive' then 'true positive'
            when cases.case_status = 'FalsePositive' then 'false positive'
            when cases.case_status = 'Duplicated' then 'duplicate'
            when cases.case_id is not null then 'undecided'
            when referring.alert_stage = 'New' then 'untriaged'
            when referring.alert_status = 'FalsePositive' then 'false positive'
            when referring.alert_status in ('Duplicate', 'Duplicated') then 'duplicate'
            when referring.alert_status = 'TruePositive' then 'true positive'
            when referring.alert_stage = 'Closed' then 'no action'
            else 'undecided'
        end as disposition,
        referring._known_at,
        referring._load_id
    from referring
    inner join subjects
        on
            referring.hive_alert_id = subjects.object_id
            and subjects.object_kind = 'alert'
    left join matches on referring.hive_alert_id = matches.hive_alert_id
    left join rule_tags on referring.hive_alert_id = rule_tags.hive_alert_id
    left join cases on referring.case_id = cases.case_id
    left join candidates
        on
            cases.case_id = candidates.source_id
            and candidates.source = 'case'
    left join incident_tickets on candidates.incident_key = incident_tickets.incident_key
),

-- of several alerts in TheHive about one of Wazuh the one that says most stands for it
chosen as (
    select
        *,
        alert_key is not null
        and row_number() over (
            partition by alert_key
            order by
                case_id is null,
                disposition = 'duplicate',
                disposition = 'untriaged',
                entered_new_at,
                hive_alert_id
        ) = 1 as is_chosen
    from chained
)

select * from chosen
