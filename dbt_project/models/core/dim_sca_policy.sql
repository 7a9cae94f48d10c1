with results as (
    select * from {{ ref('stg_wazuh__sca_policies__versions') }}
),

newest as (
    select distinct on (policy_id)
        policy_id,
        policy_name,
        total_checks,
        policy_hash
    from results
    order by policy_id asc, _known_at desc, _load_id desc, agent_id asc, _row_hash asc
),

keyed as (
    select
        {{ surrogate_key('wazuh.sca_policies', 'policy_id') }} as sca_policy_key,
        policy_id,
        coalesce(policy_name, policy_id) as policy_name,
        total_checks,
        policy_hash
    from newest
)

select * from keyed
