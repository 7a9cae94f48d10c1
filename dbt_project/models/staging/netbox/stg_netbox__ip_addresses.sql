with source as (
    select *
    from {{ source('raw_netbox', 'ip_addresses') }}
    where _known_at <= {{ as_of() }}
),

newest as (
    {{ newest_version('source', 'id') }}
),

renamed as (
    select
        id as ip_address_id,
        address as address_cidr,
        {{ known_or_unknown('status', [
            'active', 'reserved', 'deprecated', 'dhcp', 'slaac'
        ], name='ip_address_status') }},
        tenant_id,
        assigned_object_type,
        assigned_object_id,
        assigned_device_id,
        nullif(trim(dns_name), '') as dns_name,
        created as created_at,
        last_updated as updated_at,
        _known_at,
        _load_id
    from newest
    where _deleted_at is null
)

select * from renamed
