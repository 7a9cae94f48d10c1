with findings as (
    select * from {{ ref('stg_wazuh__vulnerabilities__versions') }}
),

severities as (
    select * from {{ ref('severity_map') }}
),

exploited as (
    select * from {{ ref('kev') }}
),

scores as (
    select * from {{ ref('epss') }}
),

-- agents may disagree while a feed is being updated: what became known last holds
newest as (
    select distinct on (cve_id)
        cve_id,
        severity,
        base_score,
        published_at
    from findings
    order by cve_id asc, _known_at desc, _load_id desc, agent_id asc, _row_hash asc
),

described as (
    select
        {{ surrogate_key('cves', 'newest.cve_id') }} as cve_key,
        newest.cve_id,
        coalesce(severities.severity_key, -1) as severity_key,
        newest.base_score::numeric(4, 1) as base_score,
        newest.published_at,
        exploited.cve_id is not null as is_known_exploited,
        exploited.date_added as known_exploited_since,
        scores.epss
    from newest
    left join severities
        on
            newest.severity = severities.source_value
            and severities.source = 'wazuh.vulnerability'
    left join exploited on newest.cve_id = exploited.cve_id
    left join scores on newest.cve_id = scores.cve_id
)

select
    *,
    {{ severity_name('severity_key') }} as severity
from described
