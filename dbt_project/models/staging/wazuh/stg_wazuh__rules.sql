with source as (
    select *
    from {{ source('raw_wazuh', 'rules') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id, filename') }}
),

-- a rule that the customer overwrote is listed with both files; the one outside the ruleset holds
in_force as (
    select distinct on (id) *
    from newest
    where _deleted_at is null
    order by id asc, relative_dirname like 'ruleset/%' asc nulls last, filename asc
),

renamed as (
    select
        id::text as rule_id,
        filename as file_name,
        {{ known_or_unknown('status', ['enabled', 'disabled', 'all'], name='rule_status') }},
        level as rule_level,
        description as rule_description,
        groups as rule_groups,
        mitre_ids,
        rest -> 'pci_dss' as pci_dss,
        rest -> 'gdpr' as gdpr,
        rest -> 'hipaa' as hipaa,
        rest -> 'nist_800_53' as nist_800_53,
        rest -> 'tsc' as tsc,
        _known_at,
        _load_id
    from in_force
)

select * from renamed
