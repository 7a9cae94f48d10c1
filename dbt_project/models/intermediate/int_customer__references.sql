with partner_versions as (
    select * from {{ ref('stg_odoo__partners__versions') }}
),

customer_map as (
    select * from {{ ref('customer_map') }}
),

-- deleted companies too: their tickets and contracts stay
partners as (
    {{ newest_version('partner_versions', 'partner_id') }}
),

companies as (
    select
        partners.partner_id,
        coalesce(customer_map.customer_ref, partners.customer_ref) as customer_ref,
        customer_map.customer_ref is not null as is_mapped
    from partners
    left join customer_map
        on
            customer_map.system = 'odoo'
            and customer_map.external_key = partners.partner_id::text
    where partners.partner_id = partners.commercial_partner_id
),

-- a reference that two companies bear names none of them, unless the map gave it to one
judged as (
    select
        customer_ref,
        partner_id,
        is_mapped,
        rank() over (partition by customer_ref order by is_mapped desc) as place,
        count(*) over (partition by customer_ref, is_mapped) as bearers
    from companies
    where customer_ref is not null
),

unambiguous as (
    select
        customer_ref,
        partner_id,
        {{ surrogate_key('odoo.partners', 'partner_id') }} as customer_key
    from judged
    where place = 1 and bearers = 1
)

select * from unambiguous
