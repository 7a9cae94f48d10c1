with policies as (
    select * from {{ ref('int_sla__policies') }}
),

stage_classes as (
    select * from {{ ref('ticket_stages') }}
),

pauses as (
    select coalesce(string_agg(stage, ', ' order by stage), 'none') as pause_stages
    from stage_classes
    where pauses_sla
)

select
    policies.sla_policy_key,
    policies.sla_policy_version_key,
    policies.sla_policy_name,
    coalesce({{ surrogate_key('odoo.ticket_teams', 'policies.team_id') }}, -2) as team_key,
    policies.priority_code,
    policies.metric,
    policies.target_stage_order,
    policies.target_seconds,
    policies.clock_starts,
    pauses.pause_stages,
    policies.is_active,
    policies.source,
    policies.valid_from,
    policies.valid_to,
    policies.is_current
from policies
cross join pauses
