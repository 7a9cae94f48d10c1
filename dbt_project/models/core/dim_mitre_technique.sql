{{ config(is_read_by_day=true) }}

with techniques as (
    select * from {{ ref('mitre_techniques') }}
),

links as (
    select * from {{ ref('bridge_alert_mitre') }}
),

members as (
    select
        technique_id,
        technique_name,
        tactic,
        false as is_inferred
    from techniques
    union all
    select distinct
        links.technique_id,
        links.technique_id as technique_name,
        'unknown' as tactic,
        true as is_inferred
    from links
    left join techniques on links.technique_id = techniques.technique_id
    where techniques.technique_id is null
),

keyed as (
    select
        {{ surrogate_key('mitre.techniques', 'technique_id') }} as technique_key,
        technique_id,
        technique_name,
        tactic,
        is_inferred
    from members
)

select * from keyed
