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

customer_references as (
    select * from {{ ref('int_customer__references') }}
),

user_versions as (
    select * from {{ ref('stg_odoo__users__versions') }}
),

contracts as (
    select * from {{ ref('contracts') }}
),

users as (
    {{ newest_version('user_versions', 'user_id') }}
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
    {{ scd2_intervals('customer_versions', 'partner_id', [
        'customer_name', 'is_company', 'country_code', 'account_manager_id', 'time_zone', 'is_active'
    ]) }}
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
        customer_references.customer_ref,
        partner_slugs.tenant_slug,
        partner_intervals.country_code as country,
        users.login_hash as account_manager_hash,
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
    left join customer_references on partner_intervals.partner_id = customer_references.partner_id
    left join users on partner_intervals.account_manager_id = users.user_id
),

from_netbox as (
    select
        tenants.customer_key,
        tenant_intervals.tenant_name as customer_name,
        'company' as customer_kind,
        tenant_intervals.tenant_slug as customer_ref,
        tenant_intervals.tenant_slug,
        null as country,
        null as account_manager_hash,
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
        null as customer_ref,
        null as tenant_slug,
        null as country,
        null as account_manager_hash,
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

-- the moments so far at which the terms of a customer change
turning_points as (
    select
        customer_ref,
        '1900-01-01 00:00:00+00'::timestamptz as begins_at
    from contracts
    union
    select
        customer_ref,
        contract_start::timestamp at time zone 'UTC' as begins_at
    from contracts
    where contract_start::timestamp at time zone 'UTC' <= {{ as_of() }}
    union
    select
        customer_ref,
        (contract_end + 1)::timestamp at time zone 'UTC' as begins_at
    from contracts
    where (contract_end + 1)::timestamp at time zone 'UTC' <= {{ as_of() }}
),

stretches as (
    select
        customer_ref,
        begins_at,
        coalesce(
            lead(begins_at) over (partition by customer_ref order by begins_at),
            '9999-12-31 00:00:00+00'::timestamptz
        ) as ends_at
    from turning_points
),

terms as (
    select
        stretches.*,
        contracts.tier,
        contracts.contract_start,
        contracts.contract_end,
        contracts.currency,
        contracts.calendar_name,
        contracts.monthly_fee
    from stretches
    left join contracts
        on
            stretches.customer_ref = contracts.customer_ref
            and stretches.begins_at >= contracts.contract_start::timestamp at time zone 'UTC'
            and stretches.begins_at
            < coalesce((contracts.contract_end + 1)::timestamp, 'infinity') at time zone 'UTC'
),

-- a version of the customer ends where its terms change
versions as (
    select
        all_members.customer_key,
        all_members.customer_name,
        all_members.customer_kind,
        all_members.customer_ref,
        all_members.tenant_slug,
        all_members.country,
        all_members.account_manager_hash,
        coalesce(all_members.time_zone, 'UTC') as time_zone,
        terms.tier,
        terms.contract_start,
        terms.contract_end,
        terms.currency,
        terms.monthly_fee,
        terms.calendar_name,
        all_members.is_active,
        all_members.source,
        greatest(all_members.valid_from, terms.begins_at) as valid_from,
        least(all_members.valid_to, terms.ends_at) as valid_to,
        all_members.is_deleted,
        all_members.is_inferred
    from all_members
    left join terms
        on
            all_members.customer_ref = terms.customer_ref
            and all_members.valid_from < terms.ends_at
            and all_members.valid_to > terms.begins_at
),

keyed as (
    select
        customer_key,
        {{ version_key('customer_key', 'valid_from') }} as customer_version_key,
        customer_name,
        customer_kind,
        customer_ref,
        tenant_slug,
        country,
        account_manager_hash,
        time_zone,
        tier,
        contract_start,
        contract_end,
        currency,
        monthly_fee,
        calendar_name,
        is_active,
        source,
        valid_from,
        valid_to,
        valid_to = '9999-12-31 00:00:00+00'::timestamptz as is_current,
        is_deleted,
        is_inferred
    from versions
)

select * from keyed
