with device_versions as (
    select * from {{ ref('int_device__versions') }}
),

tenants as (
    select * from {{ ref('int_customer__tenants') }}
),

stays as (
    {{ scd2_intervals('device_versions', 'device_id', ['tenant_id']) }}
),

owners as (
    select
        {{ surrogate_key('netbox.devices', 'stays.device_id') }} as device_key,
        tenants.customer_key,
        stays.valid_from,
        stays.valid_to
    from stays
    inner join tenants on stays.tenant_id = tenants.tenant_id and tenants.is_chosen
)

select * from owners
