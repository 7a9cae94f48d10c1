-- the runs are the platform's, so each customer's row of a day shows all runs of that day
with overview as (
    select * from {{ ref('analytics_overview') }}
),

runs as (
    select
        date_key,
        count(*) as total_workflows,
        count(*) filter (where status = 'failure') as failed_workflows
    from {{ ref('fct_workflow_runs') }}
    group by date_key
)

select
    coalesce(overview.date_key, runs.date_key) as date_key,
    overview.customer_key,
    runs.total_workflows as runs_of_the_day
from overview
full join runs on overview.date_key = runs.date_key
where
    overview.total_workflows is distinct from coalesce(runs.total_workflows, 0)
    or overview.failed_workflows is distinct from coalesce(runs.failed_workflows, 0)
