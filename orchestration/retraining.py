"""The daily training, as a job with its schedule."""

import dagster as dg

from orchestration.clock import RESOURCE

CHALLENGES = dg.AssetKey(["predictions", "challenges"])

retrain_daily = dg.define_asset_job(
    "retrain_daily",
    # the comparison with the champion is what the next swap rests on; a source is loaded whole
    selection=dg.AssetSelection.assets(CHALLENGES).upstream().required_multi_asset_neighbors(),
    description="A version of each model, trained on what is new, and how its challenger fares.",
    executor_def=dg.in_process_executor,
)


@dg.schedule(cron_schedule="0 2 * * *", job=retrain_daily, execution_timezone="UTC")
def at_night(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """As of the hour itself: days apart by seconds less than a day would train every other day."""
    as_of = context.scheduled_execution_time.isoformat()
    return dg.RunRequest(run_config={"resources": {RESOURCE: {"config": {"as_of": as_of}}}})
