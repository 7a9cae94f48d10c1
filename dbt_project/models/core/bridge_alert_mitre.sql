{{ config(is_read_by_day=true) }}

with rules as (
    select * from {{ ref('dim_alert_rule') }}
),

named as (
    select distinct
        rules.rule_key,
        technique.technique_id
    from rules
    cross join lateral jsonb_array_elements_text(
        case when jsonb_typeof(rules.mitre_ids) = 'array' then rules.mitre_ids else '[]' end
    ) as technique (technique_id)
),

keyed as (
    select
        rule_key,
        {{ surrogate_key('mitre.techniques', 'technique_id') }} as technique_key,
        technique_id
    from named
)

select * from keyed
