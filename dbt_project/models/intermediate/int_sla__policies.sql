with policy_versions as (
    select * from {{ ref('stg_odoo__sla_policies__versions') }}
),

stage_versions as (
    select * from {{ ref('stg_odoo__ticket_stages__versions') }}
),

seeded_policies as (
    select * from {{ ref('sla_policies') }}
),

stages as (
    {{ newest_version('stage_versions', 'stage_id') }}
),

intervals as (
    {{ scd2_intervals('policy_versions', 'sla_policy_id', [
        'sla_policy_name', 'team_id', 'stage_id', 'priority_code', 'target_seconds', 'is_active'
    ]) }}
),

from_odoo as (
    select
        {{ surrogate_key('odoo.sla_policies', 'intervals.sla_policy_id') }} as sla_policy_key,
        intervals.sla_policy_name,
        intervals.team_id,
        intervals.priority_code,
        case when stages.is_closed_stage is false then 'stage_reached' else 'resolution' end as metric,
        case when stages.is_closed_stage is false then stages.stage_order end as target_stage_order,
        intervals.target_seconds,
        'creation' as clock_starts,
        intervals.is_active and not intervals.is_deleted as is_active,
        'odoo' as source,
        intervals.valid_from,
        intervals.valid_to,
        intervals.is_current
    from intervals
    left join stages on intervals.stage_id = stages.stage_id
),

from_seed as (
    select
        {{ surrogate_key('seed.sla_policies', 'policy') }} as sla_policy_key,
        policy as sla_policy_name,
        team_id,
        priority_code,
        metric,
        null::bigint as target_stage_order,
        target_minutes * 60 as target_seconds,
        clock_starts,
        true as is_active,
        'seed' as source,
        valid_from::timestamp at time zone 'UTC' as valid_from,
        coalesce((valid_to + 1)::timestamp, '9999-12-31') at time zone 'UTC' as valid_to,
        lead(valid_from) over (partition by policy order by valid_from) is null as is_current
    from seeded_policies
    -- Odoo's own policies are what was agreed
    where not exists (select 1 from from_odoo)
),

all_versions as (
    select * from from_odoo
    union all
    select * from from_seed
)

select
    *,
    {{ version_key('sla_policy_key', 'valid_from') }} as sla_policy_version_key
from all_versions
