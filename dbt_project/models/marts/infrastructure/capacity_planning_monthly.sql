{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='month_start',
        indexes=[
            {'columns': ['date_key']},
            {'columns': ['device_key', 'host', 'customer_key']},
            {'columns': ['_load_id']},
            {'columns': ['_known_at']}
        ]
    )
}}

-- depends_on: {{ ref('int_device__possible_keys') }}, {{ ref('dim_device') }}, which only an incremental build reads

{%- set resources = ['cpu', 'mem', 'disk', 'net'] %}

-- read twice, each time by an index, so it must not be materialised
with host_hours as not materialized (
    select * from {{ ref('fct_infrastructure') }}
    where device_key > 0
),

-- read by its days, as above
host_days as not materialized (
    select
        *,
        {{ utc_date('last_hour') }} as date_day,
        {{ utc_date('last_hour') }} - (date_key % 100 - 1) as month_start
    from {{ ref('fct_infrastructure_daily') }}
    where device_key > 0
),

-- worked out once: joined as it stands, it would be for every row of the result
newest as materialized (
    select
        max(last_hour) + interval '1 hour' as measured_until,
        max(month_start) as month_start
    from host_days
    where date_key = (select max(known_days.date_key) from host_days as known_days)
),

{% if is_incremental() %}
    changed_days as (
        {{ days_to_rebuild('host_hours', 'hour', period='month') }}
        union
        {{ rekeyed_days() }}
        union
        select to_char(max(first_day), 'YYYYMMDD')::integer as date_key
        from {{ ref('forecast_runs') }}
        where first_day > (select coalesce(max(built.forecast_first_day), '-infinity'::date) from {{ this }} as built)
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
        {{ mbit_per_second(
            'percentile_cont(0.95) within group (order by (net_in_bytes + net_out_bytes)::double precision)'
        ) }} as net_p95,
        {{ mbit_per_second('max(net_in_bytes + net_out_bytes)') }} as net_max
    from measured
    -- in this order, by which it is joined: by months alone each device would be compared with all others
    group by device_key, customer_key, date_key / 100
),

-- of the wanted months, the one before each and the ninety days of each trend; read by the index of days
recent_days as materialized (
    select
        device_key,
        customer_key,
        month_start,
        date_day,
        host,
        device_version_key,
        site_key,
        role_name,
        last_hour,
        cpu_measured_hours,
        cpu_pct_hours,
        cpu_max_pct,
        mem_measured_hours,
        mem_pct_hours,
        mem_max_pct,
        disk_measured_hours,
        disk_pct_hours,
        disk_max_pct,
        net_measured_hours,
        net_in_bytes + net_out_bytes as net_bytes,
        _known_at,
        _load_id
    from host_days
    where
        date_key >= (
            select to_char(min(wanted_months.month_start) - interval '3 months', 'YYYYMMDD')::integer
            from wanted_months
        )
),

-- in this order, since nearly every row is a group of its own
ordered_days as (
    select *
    from recent_days
    order by device_key, customer_key, month_start, date_day
),

-- a total is the sum of the hours' means
device_days as materialized (
    select
        device_key,
        customer_key,
        month_start,
        date_day,
        sum(cpu_measured_hours) as cpu_hours,
        sum(cpu_pct_hours) as cpu_total,
        max(cpu_max_pct) as cpu_max,
        sum(mem_measured_hours) as mem_hours,
        sum(mem_pct_hours) as mem_total,
        max(mem_max_pct) as mem_max,
        sum(disk_measured_hours) as disk_hours,
        sum(disk_pct_hours) as disk_total,
        max(disk_max_pct) as disk_max,
        sum(net_measured_hours) as net_hours,
        sum({{ mbit_per_second('net_bytes') }}) as net_total
    from ordered_days
    group by device_key, customer_key, month_start, date_day
),

device_months as (
    select
        device_key,
        customer_key,
        month_start,
        {% for resource in resources %}
            sum({{ resource }}_hours) as {{ resource }}_hours,
            sum({{ resource }}_total) as {{ resource }}_total,
        {% endfor %}
        max(cpu_max) as cpu_max,
        max(mem_max) as mem_max,
        max(disk_max) as disk_max
    from device_days
    group by device_key, customer_key, month_start
),

monthly as (
    select
        device_months.device_key,
        device_months.customer_key,
        device_months.month_start,
        resource.resource,
        resource.hours,
        round(resource.total / resource.hours, 4) as average,
        resource.highest
    from device_months
    cross join
        lateral (
            values
            ('cpu', device_months.cpu_hours, device_months.cpu_total, device_months.cpu_max),
            ('mem', device_months.mem_hours, device_months.mem_total, device_months.mem_max),
            ('disk', device_months.disk_hours, device_months.disk_total, device_months.disk_max),
            ('net', device_months.net_hours, device_months.net_total, null)
        ) as resource (resource, hours, total, highest)
    where resource.hours > 0
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
        device_days.device_key,
        device_days.customer_key,
        {% for resource in resources %}
            case
                when device_days.{{ resource }}_hours > 0
                    then round(device_days.{{ resource }}_total / device_days.{{ resource }}_hours * 10000)::bigint
            end as {{ resource }}_y,
        {% endfor %}
        device_days.date_day - wanted_months.month_start as x
    from wanted_months
    inner join device_days
        on
            device_days.date_day < wanted_months.month_start + interval '1 month'
            and device_days.date_day >= wanted_months.month_start + interval '1 month' - interval '90 days'
    -- in the order in which they are added up; offset 0 keeps the planner from working each out wherever it is named
    order by device_days.device_key, device_days.customer_key, wanted_months.month_start
    offset 0
),

device_trends as materialized (
    select
        device_key,
        customer_key,
        {% for resource in resources %}
            case
                when count({{ resource }}_y) >= 14
                    then round(
                        30 * (
                            count({{ resource }}_y) * sum(x * {{ resource }}_y)
                            - sum(x) filter (where {{ resource }}_y is not null) * sum({{ resource }}_y)
                        )
                        / (
                            count({{ resource }}_y) * sum(x * x) filter (where {{ resource }}_y is not null)
                            - (sum(x) filter (where {{ resource }}_y is not null))
                            * (sum(x) filter (where {{ resource }}_y is not null))
                        ) / 10000, 4
                    )
            end as {{ resource }}_slope,
        {% endfor %}
        month_start
    from points
    -- joined in this order, as above
    group by device_key, customer_key, month_start
),

-- who and whose a device was on the last day that measured it in the month
owners as materialized (
    select
        recent_days.device_key,
        recent_days.month_start,
        {%- for column in ['host', 'site_key', 'customer_key', 'role_name'] %}
            (
                array_agg(
                    recent_days.{{ column }}
                    order by recent_days.last_hour desc, recent_days.host asc, recent_days.device_version_key asc
                )
            )[1] as {{ column }},
        {%- endfor %}
        max(recent_days._known_at) as _known_at,
        max(recent_days._load_id) as _load_id
    from recent_days
    inner join wanted_months on recent_days.month_start = wanted_months.month_start
    group by recent_days.device_key, recent_days.month_start
),

-- what the last run of each month told
forecasts as materialized (
    select
        *,
        date_trunc('month', first_day::timestamp)::date as month_start
    from {{ ref('capacity_outlook') }}
    where
        first_day = any(array(
            select max(runs.first_day)
            from {{ ref('forecast_runs') }} as runs
            inner join wanted_months
                on date_trunc('month', runs.first_day::timestamp)::date = wanted_months.month_start
            group by wanted_months.month_start
        ))
),

-- joined here: of all joins below the planner expects one row, for which it would compare with every forecast
foretold as materialized (
    select
        compared.*,
        forecasts.first_day as forecast_first_day,
        forecasts.peak as forecast_peak,
        forecasts.peak_day as forecast_peak_day,
        forecasts.last_yhat as forecast_p50,
        forecasts.last_upper_95 as forecast_hi95,
        forecasts.days_to_warn_p10,
        forecasts.days_to_warn_p50,
        forecasts.days_to_warn_p90,
        forecasts.days_to_critical_p10,
        forecasts.days_to_critical_p50,
        forecasts.days_to_critical_p90,
        forecasts.critical_probability,
        forecasts.recommendation as forecast_recommendation
    from compared
    left join forecasts
        on
            compared.device_key = forecasts.device_key
            and compared.resource = forecasts.resource
            and compared.month_start = forecasts.month_start
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
        case monthly.resource
            when 'cpu' then device_trends.cpu_slope
            when 'mem' then device_trends.mem_slope
            when 'disk' then device_trends.disk_slope
            else device_trends.net_slope
        end as slope_per_30_days,
        monthly.forecast_first_day,
        monthly.forecast_peak,
        monthly.forecast_peak_day,
        monthly.forecast_p50,
        monthly.forecast_hi95,
        monthly.days_to_warn_p10,
        monthly.days_to_warn_p50,
        monthly.days_to_warn_p90,
        monthly.days_to_critical_p10,
        monthly.days_to_critical_p50,
        monthly.days_to_critical_p90,
        monthly.critical_probability,
        monthly.forecast_recommendation,
        owners._known_at,
        owners._load_id
    from foretold as monthly
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
    left join device_trends
        on
            monthly.device_key = device_trends.device_key
            and monthly.customer_key = device_trends.customer_key
            and monthly.month_start = device_trends.month_start
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
            when p95 >= {{ var('capacity_critical_pct') }} then 'upgrade'
            when p95 >= {{ var('capacity_warn_pct') }} then 'plan upgrade'
            when p95 + 3 * slope_per_30_days >= {{ var('capacity_critical_pct') }} then 'plan upgrade'
            when p95 < {{ var('capacity_idle_pct') }} and resource <> 'disk' then 'downsize'
            else 'keep'
        end as recommendation,
        forecast_first_day,
        forecast_peak,
        forecast_peak_day,
        forecast_p50,
        forecast_hi95,
        days_to_warn_p10,
        days_to_warn_p50,
        days_to_warn_p90,
        days_to_critical_p10,
        days_to_critical_p50,
        days_to_critical_p90,
        critical_probability,
        forecast_recommendation,
        _known_at,
        _load_id
    from joined
)

select * from final
