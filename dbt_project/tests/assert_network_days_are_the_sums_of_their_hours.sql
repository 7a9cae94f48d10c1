-- day by day and customer by customer, as long as the hours are kept
with hours as (
    select
        date_key,
        customer_key,
        count(*) as measured_hours,
        sum(octets) as octets,
        sum(errors) as errors,
        sum(discards) as discards,
        sum(link_changes) as link_changes
    from {{ ref('network_metrics_hourly') }}
    where date_key >= {{ kept_from('keep_detail_months') }}
    group by date_key, customer_key
),

days as (
    select
        date_key,
        customer_key,
        sum(measured_hours) as measured_hours,
        sum(octets) as octets,
        sum(errors) as errors,
        sum(discards) as discards,
        sum(link_changes) as link_changes
    from {{ ref('network_metrics_daily') }}
    where date_key >= {{ kept_from('keep_detail_months') }}
    group by date_key, customer_key
),

differences as (
    select
        coalesce(hours.date_key, days.date_key) as date_key,
        coalesce(hours.customer_key, days.customer_key) as customer_key
    from hours
    full join days on hours.date_key = days.date_key and hours.customer_key = days.customer_key
    where
        hours.measured_hours is distinct from days.measured_hours
        or hours.octets is distinct from days.octets
        or hours.errors is distinct from days.errors
        or hours.discards is distinct from days.discards
        or hours.link_changes is distinct from days.link_changes
)

select * from differences
