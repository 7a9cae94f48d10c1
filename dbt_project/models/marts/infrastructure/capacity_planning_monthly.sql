{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='month_start',
        on_schema_change='fail',
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, which only an incremental build reads

-- read twice, each time by an index, so it must not be materialised
with host_hours as not materialized (
    select * from {{ ref('fct_infrastructure') }}
    where device_key > 0
),

host_days as (
    select
        *,
        to_date(date_key::text, 'YYYYMMDD') as date_day,
        to_date((date_key / 100)::text || '01', 'YYYYMMDD') as month_start
    from {{ ref('fct_infrastructure_daily') }}
    where device_key > 0
),

-- worked out once: joined as it stands, it would be for every row of the result
newest as materialized (
    select
        max(last_hour) + interval '1 hour' as measured_until,
        max(month_start) as month_start
    from host_days
),

{% if is_incremental() %}
    changed_days as (
        {{ days_to_rebuild('host_hours', 'hour') }}
        union
        {{ rekeyed_days() }}
    ),

    -- a day counts in the trend of its month and of the three after it
    wanted_months as (
        select distinct month.start::date as month_start
        from changed_days
        cross join newest
        cross join generate_series(
            date_trunc('month', to_date(changed_days.date_key::text, 'YYYYMMDD')::timestamp),
            least(
                date_trunc('month', to_date(changed_days.date_key::text, 'YYYYMMDD')::timestamp) + interval '3 months',
                newest.month_start::timestamp
            ),
            interval '1 month'
        ) as month (start)
    ),

    -- an array, because the planner takes it for short and uses the index, which a join would not
    measured as (
        select *
        from host_hours
        where date_key = any(array(
            select to_char(day.start, 'YYYYMMDD')::integer
            from wanted_months
            cross join generate_series(
                wanted_months.month_start::timestamp,
                wanted_months.month_start + interval '1 month' - interval '1 day',
                interval '1 day'
            ) as day (start)
        ))
    ),
{% else %}
    wanted_months as (
        select distinct month_start
        from host_days
    ),

    measured as (
        select * from host_hours
    ),
{% endif %}

-- aggregates are materialised: the planner guesses few rows of them and would work them out for each
-- Percentiles of the hours themselves: those of days or hosts could not be averaged. All figures are told
-- by customer, so that the month of the last one shows nothing of those before.
hourly as materialized (
    select
        to_date((date_key / 100)::text || '01', 'YYYYMMDD') as month_start,
        device_key,
        customer_key,
        percentile_cont(0.95) within group (order by cpu_avg_pct) as cpu_p95,
        percentile_cont(0.95) within group (order by mem_avg_pct) as mem_p95,
        percentile_cont(0.95) within group (order by disk_used_pct) as disk_p95,
        percentile_cont(0.95) within group (
            order by ({{ mbit_per_second('net_in_bytes + net_out_bytes') }})::double precision
        ) as net_p95,
        max({{ mbit_per_second('net_in_bytes + net_out_bytes') }}) as net_max
    from measured
    -- in this order, by which it is joined: by months alone each device would be compared with all others
    group by device_key, customer_key, to_date((date_key / 100)::text || '01', 'YYYYMMDD')
),

-- of the wanted months, the one before each and the ninety days of each trend
recent_days as (
    select *
    from host_days
    where month_start >= (select min(wanted_months.month_start) - interval '3 months' from wanted_months)
),

-- a total is the sum of the hours' means
resource_days as (
    select
        recent_days.device_key,
        recent_days.customer_key,
        recent_days.month_start,
        recent_days.date_day,
        resource.resource,
        sum(resource.hours) as hours,
        sum(resource.total) as total,
        max(resource.highest) as highest
    from recent_days
    cross join
        lateral (
            values
            ('cpu', recent_days.cpu_measured_hours, recent_days.cpu_pct_hours, recent_days.cpu_max_pct),
            ('mem', recent_days.mem_measured_hours, recent_days.mem_pct_hours, recent_days.mem_max_pct),
            ('disk', recent_days.disk_measured_hours, recent_days.disk_pct_hours, recent_days.disk_max_pct),
            (
                'net',
                recent_days.net_measured_hours,
                {{ mbit_per_second('recent_days.net_in_bytes + recent_days.net_out_bytes') }},
                null
            )
        ) as resource (resource, hours, total, highest)
    where resource.hours > 0
    group by
        recent_days.device_key,
        recent_days.customer_key,
        recent_days.month_start,
        recent_days.date_day,
        resource.resource
),

monthly as (
    select
        device_key,
        customer_key,
        month_start,
        resource,
        sum(hours) as hours,
        round(sum(total) / sum(hours), 4) as average,
        max(highest) as highest
    from resource_days
    group by device_key, customer_key, month_start, resource
),

compared as materialized (
    select
        *,
        case
            when lag(month_start) over same_resource = month_start - interval '1 month'
                then lag(average) over same_resource
        end as previous_average
    from monthly
    window same_resource as (partition by device_key, customer_key, resource order by month_start)
),

-- least squares over the days that were measured, in ten-thousandths, so that the sums are exact
points as (
    select
        wanted_months.month_start,
        resource_days.device_key,
        resource_days.customer_key,
        resource_days.resource,
        (resource_days.date_day - wanted_months.month_start)::numeric as x,
        round(resource_days.total / resource_days.hours * 10000) as y
    from wanted_months
    inner join resource_days
        on
            resource_days.date_day < wanted_months.month_start + interval '1 month'
            and resource_days.date_day >= wanted_months.month_start + interval '1 month' - interval '90 days'
),

trends as materialized (
    select
        month_start,
        device_key,
        customer_key,
        resource,
        case
            when count(*) >= 14
                then round(
                    30 * (count(*) * sum(x * y) - sum(x) * sum(y))
                    / (count(*) * sum(x * x) - sum(x) * sum(x)) / 10000, 4
                )
        end as slope_per_30_days
    from points
    group by month_start, device_key, customer_key, resource
),

-- who and whose a device was on the last day that measured it in the month
owners as materialized (
    select
        device_key,
        month_start,
        (array_agg(host order by last_hour desc, host asc, device_version_key asc))[1] as host,
        (array_agg(site_key order by last_hour desc, host asc, device_version_key asc))[1] as site_key,
        (array_agg(customer_key order by last_hour desc, host asc, device_version_key asc))[1] as customer_key,
        (array_agg(role_name order by last_hour desc, host asc, device_version_key asc))[1] as role_name,
        max(_known_at) as _known_at,
        max(_load_id) as _load_id
    from recent_days
    group by device_key, month_start
),

joined as (
    select
        to_char(monthly.month_start, 'YYYYMMDD')::integer as date_key,
        monthly.month_start,
        monthly.device_key,
        owners.host,
        owners.site_key,
        owners.customer_key,
        owners.role_name,
        monthly.resource,
        case monthly.resource when 'net' then 'Mbit/s' else '%' end as unit,
        monthly.hours::bigint as measured_hours,
        round(
            100 * monthly.hours / (
                extract(
                    epoch from least(
                        newest.measured_until,
                        (monthly.month_start + interval '1 month') at time zone 'UTC'
                    ) - monthly.month_start::timestamp at time zone 'UTC'
                ) / 3600
            ), 4
        ) as coverage_pct,
        monthly.average,
        round(
            case monthly.resource
                when 'cpu' then hourly.cpu_p95
                when 'mem' then hourly.mem_p95
                when 'disk' then hourly.disk_p95
                else hourly.net_p95
            end::numeric, 4
        ) as p95,
        round(case monthly.resource when 'net' then hourly.net_max else monthly.highest::numeric end, 4) as maximum,
        round(100 * (monthly.average - monthly.previous_average) / nullif(monthly.previous_average, 0), 4)
            as growth_mom_pct,
        trends.slope_per_30_days,
        owners._known_at,
        owners._load_id
    from compared as monthly
    inner join wanted_months on monthly.month_start = wanted_months.month_start
    inner join owners
        on
            monthly.device_key = owners.device_key
            and monthly.customer_key = owners.customer_key
            and monthly.month_start = owners.month_start
    inner join hourly
        on
            monthly.device_key = hourly.device_key
            and monthly.customer_key = hourly.customer_key
            and monthly.month_start = hourly.month_start
    cross join newest
    left join trends
        on
            monthly.device_key = trends.device_key
            and monthly.customer_key = trends.customer_key
            and monthly.resource = trends.resource
            and monthly.month_start = trends.month_start
),

final as (
    select
        date_key,
        month_start,
        device_key,
        host,
        site_key,
        customer_key,
        role_name,
        resource,
        unit,
        measured_hours,
        coverage_pct,
        average,
        p95,
        maximum,
        growth_mom_pct,
        slope_per_30_days,
        case
            when resource = 'net' then 'no limit known'
            when coverage_pct < 60 then 'not measured enough'
            when p95 >= 90 then 'upgrade'
            when p95 >= 80 or p95 + 3 * slope_per_30_days >= 90 then 'plan upgrade'
            when p95 < 20 and resource <> 'disk' then 'downsize'
            else 'keep'
        end as recommendation,
        _known_at,
        _load_id
    from joined
)

select * from final
