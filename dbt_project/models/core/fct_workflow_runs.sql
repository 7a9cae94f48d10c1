{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='run_id',
        indexes=[{'columns': ['run_id'], 'unique': true}, {'columns': ['date_key']}]
    )
}}

-- a run that ended changes no more
with runs as (
    select *
    from {{ ref('stg_ops__runs') }} as ended
    {% if is_incremental() %}
        where
            not exists (
                select 1
                from {{ this }} as built
                where ended.run_id = built.run_id
            )
    {% endif %}
),

steps as (
    select * from {{ ref('stg_ops__steps') }}
),

rates as (
    select * from {{ ref('dim_rate') }}
    where rate = 'workflow_run'
),

measured_steps as (
    select
        steps.*,
        1000 * {{ exact_seconds('steps.started_at', 'steps.ended_at') }} as latency_ms
    from steps
    inner join runs on steps.run_id = runs.run_id
),

summed as (
    select
        run_id,
        count(*) as steps,
        count(*) filter (where status in ('failure', 'unfinished')) as failed_steps,
        percentile_cont(0.95) within group (order by latency_ms) as p95_latency_ms,
        sum(rows_written)::bigint as rows_written,
        sum(bytes_written)::bigint as bytes_written
    from measured_steps
    group by run_id
),

final as (
    select
        {{ surrogate_key('dagster.runs', 'runs.run_id') }} as workflow_run_key,
        runs.run_id,
        {{ date_key('runs.as_of') }} as date_key,
        -2::bigint as customer_key,
        runs.job,
        runs.as_of,
        runs.started_at,
        runs.ended_at,
        {{ seconds_between('runs.started_at', 'runs.ended_at') }} as duration_seconds,
        runs.status,
        runs.status = 'failure' as is_failed,
        coalesce(summed.steps, 0) as steps,
        coalesce(summed.failed_steps, 0) as failed_steps,
        round(summed.p95_latency_ms)::bigint as p95_latency_ms,
        summed.rows_written,
        summed.bytes_written,
        rates.amount as cost,
        rates.currency,
        runs._known_at
    from runs
    left join summed on runs.run_id = summed.run_id
    left join rates on {{ utc_date('runs.as_of') }} between rates.valid_from and rates.valid_to
)

select * from final
