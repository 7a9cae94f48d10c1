{{ config(is_read_by_day=true) }}

with rules as (
    select * from {{ ref('stg_wazuh__rules') }}
),

alert_days as (
    select * from {{ ref('fct_security_alerts_daily') }}
),

severities as (
    select * from {{ ref('severity_map') }}
),

-- a rule that fired and is in no list any more; what its alerts say may name persons, of any customer
strangers as (
    select distinct on (alert_days.rule_id)
        alert_days.rule_id,
        alert_days.rule_level,
        alert_days.mitre_ids
    from alert_days
    left join rules on alert_days.rule_id = rules.rule_id
    where rules.rule_id is null
    order by
        alert_days.rule_id asc,
        alert_days.date_key desc,
        alert_days.rule_level desc,
        alert_days.mitre_ids::text asc
),

members as (
    select
        rule_id,
        rule_status,
        rule_level,
        rule_description,
        rule_groups,
        mitre_ids,
        pci_dss,
        gdpr,
        hipaa,
        nist_800_53,
        tsc,
        false as is_inferred
    from rules
    union all
    select
        rule_id,
        'unknown' as rule_status,
        rule_level,
        null as rule_description,
        null as rule_groups,
        mitre_ids,
        null as pci_dss,
        null as gdpr,
        null as hipaa,
        null as nist_800_53,
        null as tsc,
        true as is_inferred
    from strangers
),

keyed as (
    select
        {{ surrogate_key('wazuh.rules', 'members.rule_id') }} as rule_key,
        members.rule_id,
        members.rule_status,
        members.rule_level::integer as rule_level,
        coalesce(severities.severity_key, -1) as severity_key,
        coalesce(members.rule_description, 'Rule ' || members.rule_id) as rule_description,
        members.rule_groups,
        members.mitre_ids,
        members.pci_dss,
        members.gdpr,
        members.hipaa,
        members.nist_800_53,
        members.tsc,
        members.is_inferred
    from members
    left join severities
        on
            members.rule_level::text = severities.source_value
            and severities.source = 'wazuh.rule_level'
    union all
    select
        -1 as rule_key,
        'unknown' as rule_id,
        'unknown' as rule_status,
        null as rule_level,
        -1 as severity_key,
        'Unknown' as rule_description,
        null as rule_groups,
        null as mitre_ids,
        null as pci_dss,
        null as gdpr,
        null as hipaa,
        null as nist_800_53,
        null as tsc,
        false as is_inferred
)

select * from keyed
