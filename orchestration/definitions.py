"""Every asset from source to mart in one graph, and the jobs that materialise it."""

from __future__ import annotations

from typing import Any

import dagster as dg

from orchestration import anomaly, capacity, incident, models, raw, retraining, shadow, trends
from orchestration.clock import RESOURCE, RunClock
from orchestration.progress import progress_logger
from orchestration.transformations import dbt_cli, dbt_models

demo = dg.define_asset_job(
    "demo",
    selection=dg.AssetSelection.all(),
    description="The whole way once: sources, raw, marts, model, predictions in a mart.",
    executor_def=dg.in_process_executor,
)

trained: list[models.Model[Any, Any]] = [
    *anomaly.MODELS.values(),
    *capacity.MODELS.values(),
    incident.INCIDENT,
]

challenges: list[shadow.Challenge[Any, Any]] = [
    *anomaly.CHALLENGES,
    *capacity.CHALLENGES,
    incident.CHALLENGE,
]

defs = dg.Definitions(
    assets=[
        *raw.ASSETS,
        dbt_models,
        *anomaly.ASSETS,
        *capacity.ASSETS,
        *incident.ASSETS,
        *trends.ASSETS,
        models.model_tables(trained),
        shadow.challenge_tables(challenges),
    ],
    jobs=[demo, retraining.retrain_daily],
    schedules=[retraining.at_night],
    loggers={"progress": progress_logger},
    resources={RESOURCE: RunClock(), "dbt": dbt_cli()},
)
