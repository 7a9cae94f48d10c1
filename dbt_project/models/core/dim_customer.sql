with partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

tickets as (
    select * from {{ ref('stg_odoo__tickets') }}
),

tenant_versions as (
    select * from {{ ref('stg_netbox__tenants__versions') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

-- deleted contacts too: their tickets stay
partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
),

ticket_customers as (
    select distinct coalesce(partners.commercial_partner_id, tickets.partner_id) as partner_id
    from tickets
    left join partners on tickets.partner_id = partners.partner_id
    where tickets.partner_id is not null
),

-- a person counts as a customer only by asking for something
customer_versions as (
    select
        partner_versions.*,
        coalesce(
            partner_versions.company_name, 'Private customer ' || partner_versions.partner_id
        ) as customer_name
    from partner_versions
    left join ticket_customers on partner_versions.partner_id = ticket_customers.partner_id
    where
        (partner_versions.is_company and partner_versions.partner_id = partner_versions.commercial_partner_id)
        or ticket_customers.partner_id is not null
),

partner_intervals as (
    {{ scd2_intervals('customer_versions', 'partner_id', ['customer_name', 'is_company', 'time_zone', 'is_active']) }}
),

tenant_intervals as (
    {{ scd2_intervals('tenant_versions', 'tenant_id', ['tenant_name', 'tenant_slug']) }}
),

partner_slugs as (
    select
        customer_key,
        min(tenant_slug) as tenant_slug
    from tenants
    where is_chosen
    group by customer_key
),

from_odoo as (
    select
        {{ surrogate_key('odoo.partners', 'partner_intervals.partner_id') }} as customer_key,
        partner_intervals.customer_name,
        case when partner_intervals.is_company then 'company' else 'private person' end as customer_kind,
        partner_slugs.tenant_slug,
        partner_intervals.time_zone,
        coalesce(partner_intervals.is_active, true) as is_active,
        'odoo' as source,
        partner_intervals.valid_from,
        partner_intervals.valid_to,
        partner_intervals.is_current,
        partner_intervals.is_deleted,
        false as is_inferred
    from partner_intervals
    left join partner_slugs
        on {{ surrogate_key('odoo.partners', 'partner_intervals.partner_id') }} = partner_slugs.customer_key
),

from_netbox as (
    select
        tenants.customer_key,
        tenant_intervals.tenant_name as customer_name,
        'company' as customer_kind,
        tenant_intervals.tenant_slug,
        null as time_zone,
        true as is_active,
        'netbox' as source,
        tenant_intervals.valid_from,
        tenant_intervals.valid_to,
        tenant_intervals.is_current,
        tenant_intervals.is_deleted,
        false as is_inferred
    from tenant_intervals
    inner join tenants on tenant_intervals.tenant_id = tenants.tenant_id
    where tenants.is_chosen and tenants.partner_id is null
),

-- customers that tickets, devices or sites name but whose own row has not come yet
named_only as (
    select
        {{ surrogate_key('odoo.partners', 'ticket_customers.partner_id') }} as customer_key,
        'Customer ' || ticket_customers.partner_id as customer_name,
        'odoo' as source,
        true as is_inferred
    from ticket_customers
    left join partner_versions on ticket_customers.partner_id = partner_versions.partner_id
    where partner_versions.partner_id is null
    union all
    select
        tenants.customer_key,
        'Tenant ' || tenants.tenant_id as customer_name,
        'netbox' as source,
        true as is_inferred
    from tenants
    left join tenant_versions on tenants.tenant_id = tenant_versions.tenant_id
    where tenant_versions.tenant_id is null
    union all
    select
        -1 as customer_key,
        'Unknown' as customer_name,
        'none' as source,
        false as is_inferred
    union all
    select
        -2 as customer_key,
        'Not applicable' as customer_name,
        'none' as source,
        false as is_inferred
),

all_members as (
    select * from from_odoo
    union all
    select * from from_netbox
    union all
    select
        customer_key,
        customer_name,
        'unknown' as customer_kind,
        null as tenant_slug,
        null as time_zone,
        true as is_active,
        source,
        '1900-01-01 00:00:00+00'::timestamptz as valid_from,
        '9999-12-31 00:00:00+00'::timestamptz as valid_to,
        true as is_current,
        false as is_deleted,
        is_inferred
    from named_only
),

keyed as (
    select
        customer_key,
        {{ version_key('customer_key', 'valid_from') }} as customer_version_key,
        customer_name,
        customer_kind,
        tenant_slug,
        time_zone,
        is_active,
        source,
        valid_from,
        valid_to,
        is_current,
        is_deleted,
        is_inferred
    from all_members
)

select * from keyed
