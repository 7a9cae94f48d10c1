with tenant_versions as (
    select * from {{ ref('stg_netbox__tenants__versions') }}
),

partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

customer_map as (
    select * from {{ ref('customer_map') }}
),

customer_references as (
    select * from {{ ref('int_customer__references') }}
),

device_versions as (
    select * from {{ ref('int_device__versions') }}
),

site_versions as (
    select * from {{ ref('stg_netbox__sites__versions') }}
),

newest_tenants as (
    {{ newest_version('tenant_versions', 'tenant_id') }}
),

tenant_names as (
    select distinct
        tenant_id,
        {{ company_name('tenant_name') }} as company_name
    from tenant_versions
),

partner_order as (
    select
        *,
        row_number() over (partition by partner_id order by _known_at desc, _load_id desc, _row_hash asc) as age
    from partner_versions
),

partner_names as (
    select
        partner_id,
        {{ company_name('company_name') }} as company_name,
        bool_or(age = 1 and not is_deleted) as is_current
    from partner_order
    where is_company and partner_id = commercial_partner_id
    group by partner_id, {{ company_name('company_name') }}
),

-- names of any version count, so that renaming one side does not part what belongs together
pairs as (
    select
        tenant_names.tenant_id,
        partner_names.partner_id,
        bool_or(
            partner_names.is_current
            and tenant_names.company_name = {{ company_name('newest_tenants.tenant_name') }}
        ) as is_current
    from tenant_names
    inner join newest_tenants on tenant_names.tenant_id = newest_tenants.tenant_id
    inner join partner_names on tenant_names.company_name = partner_names.company_name
    group by tenant_names.tenant_id, partner_names.partner_id
),

mapped as (
    select
        newest_tenants.tenant_id,
        customer_references.partner_id
    from newest_tenants
    inner join customer_map
        on
            customer_map.system = 'netbox'
            and newest_tenants.tenant_slug = customer_map.external_key
    inner join customer_references on customer_map.customer_ref = customer_references.customer_ref
),

all_pairs as (
    select
        coalesce(pairs.tenant_id, mapped.tenant_id) as tenant_id,
        coalesce(pairs.partner_id, mapped.partner_id) as partner_id,
        coalesce(pairs.is_current, false) as is_current,
        mapped.tenant_id is not null as is_mapped
    from pairs
    full outer join mapped
        on
            pairs.tenant_id = mapped.tenant_id
            and pairs.partner_id = mapped.partner_id
),

judged_pairs as (
    select
        tenant_id,
        partner_id,
        case
            when is_mapped then 'customer map'
            when is_current then 'name'
            else 'former name'
        end as method,
        case
            when bool_or(is_mapped) over same_tenant then is_mapped
            when count(*) filter (where is_current) over same_tenant > 0
                then is_current and count(*) filter (where is_current) over same_tenant = 1
            else count(*) over same_tenant = 1
        end as is_chosen
    from all_pairs
    window same_tenant as (partition by tenant_id)
),

matched as (
    select tenant_id
    from judged_pairs
    where is_chosen
),

tenants as (
    select
        tenant_id,
        tenant_slug
    from newest_tenants
    union
    select
        named_elsewhere.tenant_id,
        null as tenant_slug
    from (
        select tenant_id from device_versions
        union
        select tenant_id from site_versions
    ) as named_elsewhere
    left join newest_tenants on named_elsewhere.tenant_id = newest_tenants.tenant_id
    where named_elsewhere.tenant_id is not null and newest_tenants.tenant_id is null
),

candidates as (
    select
        tenants.tenant_id,
        tenants.tenant_slug,
        {{ surrogate_key('odoo.partners', 'judged_pairs.partner_id') }} as customer_key,
        judged_pairs.partner_id,
        judged_pairs.method,
        judged_pairs.is_chosen
    from tenants
    inner join judged_pairs on tenants.tenant_id = judged_pairs.tenant_id
    union all
    select
        tenants.tenant_id,
        tenants.tenant_slug,
        {{ surrogate_key('netbox.tenants', 'tenants.tenant_id') }} as customer_key,
        null as partner_id,
        'itself' as method,
        matched.tenant_id is null as is_chosen
    from tenants
    left join matched on tenants.tenant_id = matched.tenant_id
)

select * from candidates
