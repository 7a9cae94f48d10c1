"""Our way: the functions behind the assets, from a feature table to committed rows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from benchmarks.scoring.estate import AS_OF, SCORED
from ingest.progress import Progress
from ml import artifact
from ml.anomaly import AnomalyModel
from ml.artifact import Storable, StorableT
from ml.capacity import CapacityModel
from ml.device_incidents import DeviceIncidentModel
from orchestration import (
    anomaly,
    capacity,
    capacity_frames,
    features,
    incident_features,
    predictions,
)
from orchestration.anomaly import INFRASTRUCTURE
from orchestration.incident import INCIDENT
from orchestration.prediction_tables import ANOMALY_SCORES, FORECASTS, SCORES
from warehouse import Warehouse

START = AS_OF - SCORED
HOURS = "feat_infra_hourly"
# Training is not what is measured here: a model of a few devices costs a score as much.
TAUGHT_BY = 60


def prepare(folder: Path, warehouse: Warehouse) -> None:
    """Fit the models that score."""
    with warehouse.connect(predictions.ROLE) as connection:
        params = replace(INFRASTRUCTURE.recipe.params, sample_devices=TAUGHT_BY)
        hours = features.sample(connection, HOURS, params, AS_OF - 3 * SCORED, START)
        _keep(folder, INFRASTRUCTURE.recipe.fit(hours, params, pd.Timestamp(START)))
        midnights = incident_features.training_rows(connection, START, 365)
        _keep(folder, INCIDENT.recipe.fit(midnights, INCIDENT.recipe.params, pd.Timestamp(START)))


def anomaly_scores(folder: Path, warehouse: Warehouse) -> int:
    """M1: a month of hours of every device."""
    model = kept(folder, AnomalyModel)
    same = {"model": INFRASTRUCTURE.name, "version": "bench", "as_of": AS_OF}
    with (
        warehouse.connect(predictions.ROLE) as connection,
        warehouse.connect(predictions.ROLE) as reading,
    ):
        scores = anomaly.score(HOURS, model, reading, START, Progress("", None, lambda: None))
        return ANOMALY_SCORES.write(connection, same, scores).rows


def incident_scores(folder: Path, warehouse: Warehouse) -> int:
    """M3: a month of midnights of every device."""
    model = kept(folder, DeviceIncidentModel)
    same = {"model": INCIDENT.name, "version": "bench", "scored_at": AS_OF}
    with (
        warehouse.connect(predictions.ROLE) as connection,
        warehouse.connect(predictions.ROLE) as reading,
    ):
        frames = incident_features.rows_between(reading, START, AS_OF)
        return SCORES.write(connection, same, map(model.predict, frames)).rows


def forecasts(_: Path, warehouse: Warehouse) -> int:
    """M2: the four models trained, and thirty days of every device forecast."""
    rows = 0
    with warehouse.connect(predictions.ROLE) as connection:
        for resource in capacity.MODELS:
            model, frame = _learned(resource, warehouse)
            same = {
                "model": capacity.MODELS[resource].name,
                "version": "bench",
                "resource": resource,
                "first_day": AS_OF.date(),
                "as_of": AS_OF,
            }
            rows += FORECASTS.write(connection, same, iter([model.predict(frame)])).rows
            connection.commit()
    return rows


def backtests(_: Path, warehouse: Warehouse) -> int:
    """M2: the backtests of the four models; the rows are series."""
    series = 0
    for resource, model in capacity.MODELS.items():
        frame = _days(resource, warehouse)
        model.recipe.backtest(frame, model.recipe.params)
        series += frame["unique_id"].nunique()
    return series


def _learned(resource: str, warehouse: Warehouse) -> tuple[CapacityModel, pd.DataFrame]:
    recipe, frame = capacity.MODELS[resource].recipe, _days(resource, warehouse)
    return recipe.fit(frame, recipe.params, pd.Timestamp(AS_OF.date())), frame


def _days(resource: str, warehouse: Warehouse) -> pd.DataFrame:
    with warehouse.connect(predictions.ROLE) as connection:
        first = capacity_frames.first_day(connection, AS_OF)
        if first is None:
            raise ValueError("no day of capacity is known")
        return capacity_frames.frame(connection, resource, first, AS_OF)


def _keep(folder: Path, model: Storable) -> None:
    (folder / type(model).__name__).write_bytes(artifact.dump(model))


def kept(folder: Path, kind: type[StorableT]) -> StorableT:
    """The model of this kind that was fitted."""
    content = (folder / kind.__name__).read_bytes()
    return artifact.load(content, artifact.sha256_of(content), kind)
