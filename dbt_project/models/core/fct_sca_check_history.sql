with versions as (
    select * from {{ ref('stg_wazuh__sca_checks__versions') }}
),

agents as (
    select *
    from {{ ref('dim_agent') }}
    where is_current
),

-- of several versions known at one moment the last loaded counts
settled as (
    select distinct on (agent_id, policy_id, check_id, _known_at) *
    from versions
    order by agent_id asc, policy_id asc, check_id asc, _known_at asc, _load_id desc, _row_hash asc
),

compared as (
    select
        *,
        lag(result) over history as result_before,
        lag(is_deleted) over history as was_deleted
    from settled
    window history as (partition by agent_id, policy_id, check_id order by _known_at)
),

turns as (
    select * from compared
    where result is distinct from result_before or is_deleted is distinct from was_deleted
),

spans as (
    select
        *,
        lead(_known_at) over history as ended_at,
        lag(result) over history as previous_result
    from turns
    window history as (partition by agent_id, policy_id, check_id order by _known_at)
),

keyed as (
    select
        {{ surrogate_key('wazuh.sca_check_spans', [
            'spans.agent_id', 'spans.policy_id', 'spans.check_id', 'extract(epoch from spans._known_at)'
        ]) }} as check_span_key,
        coalesce(agents.agent_key, -1) as agent_key,
        spans.agent_id,
        coalesce(agents.device_key, -1) as device_key,
        {{ surrogate_key('wazuh.sca_policies', 'spans.policy_id') }} as sca_policy_key,
        spans.policy_id,
        spans.check_id,
        spans.check_title,
        spans.result,
        spans.previous_result,
        coalesce(spans.result = 'failed' and spans.previous_result = 'passed', false) as is_regression,
        spans._known_at as valid_from,
        coalesce(spans.ended_at, '9999-12-31 00:00:00+00'::timestamptz) as valid_to,
        spans.ended_at is null as is_current,
        spans._known_at,
        spans._load_id
    from spans
    left join agents on spans.agent_id = agents.agent_id
    where not spans.is_deleted
)

select * from keyed
