with partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

tenant_versions as (
    select * from {{ ref('stg_netbox__tenants__versions') }}
),

agent_versions as (
    select * from {{ ref('stg_wazuh__agents__versions') }}
),

cases as (
    select * from {{ ref('stg_thehive__cases') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

customer_references as (
    select * from {{ ref('int_customer__references') }}
),

customer_map as (
    select * from {{ ref('customer_map') }}
),

tenant_slugs as (
    select
        tenant_slug,
        min(customer_key) as customer_key
    from tenants
    where is_chosen and tenant_slug is not null
    group by tenant_slug
),

-- a tenant that is no company in Odoo goes by its slug
customers_by_reference as (
    select
        customer_ref,
        customer_key
    from customer_references
    union all
    select
        tenant_slugs.tenant_slug as customer_ref,
        tenant_slugs.customer_key
    from tenant_slugs
    left join customer_references on tenant_slugs.tenant_slug = customer_references.customer_ref
    where customer_references.customer_ref is null
),

from_odoo as (
    select
        'odoo' as system,
        partner_id::text as external_key,
        {{ surrogate_key('odoo.partners', 'partner_id') }} as customer_key,
        'itself' as method,
        min(_known_at) as known_since
    from partner_versions
    where is_company and partner_id = commercial_partner_id
    group by partner_id
),

from_netbox as (
    select
        'netbox' as system,
        tenants.tenant_slug as external_key,
        min(tenants.customer_key) as customer_key,
        min(tenants.method) as method,
        min(tenant_versions._known_at) as known_since
    from tenants
    inner join tenant_versions on tenants.tenant_id = tenant_versions.tenant_id
    where tenants.is_chosen and tenants.tenant_slug is not null
    group by tenants.tenant_slug
),

-- what Wazuh's groups and TheHive's tags call customers
labels as (
    select
        'wazuh' as system,
        groups.group_name as external_key,
        min(agent_versions._known_at) as known_since
    from agent_versions
    cross join
        lateral jsonb_array_elements_text(
            case when jsonb_typeof(agent_versions.agent_groups) = 'array' then agent_versions.agent_groups else '[]' end
        ) as groups (group_name)
    group by groups.group_name
    union all
    select
        'thehive' as system,
        substr(tags.tag, length('customer=') + 1) as external_key,
        min(cases._known_at) as known_since
    from cases
    cross join
        lateral jsonb_array_elements_text(
            case when jsonb_typeof(cases.tags) = 'array' then cases.tags else '[]' end
        ) as tags (tag)
    where tags.tag like 'customer=_%'
    group by tags.tag
),

from_labels as (
    select
        labels.system,
        labels.external_key,
        coalesce(customers_by_reference.customer_key, tenant_slugs.customer_key, -1) as customer_key,
        case
            when customers_by_reference.customer_key is not null then 'customer map'
            when tenant_slugs.customer_key is not null then 'slug'
        end as method,
        labels.known_since
    from labels
    left join customer_map
        on
            labels.system = customer_map.system
            and labels.external_key = customer_map.external_key
    left join customers_by_reference on customer_map.customer_ref = customers_by_reference.customer_ref
    left join tenant_slugs on labels.external_key = tenant_slugs.tenant_slug
),

identities as (
    select * from from_odoo
    union all
    select * from from_netbox
    union all
    select * from from_labels
)

select * from identities
