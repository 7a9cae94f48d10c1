"""A small model with one more day to learn from each day, and runs of its asset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import dagster as dg
import pandas as pd
import psycopg

from ml.capacity import CapacityModel, CapacityParams, backtest, fit
from ml.capacity_backtest import GATE
from ml.training import Recipe
from orchestration import models
from orchestration.clock import RESOURCE, RunClock
from tests.ml.forecast_series import START, long_frame, noisy

FEATURES = dg.AssetKey(["features", "made_up"])
MONDAY = datetime(2026, 6, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SERIES = long_frame(noisy(8, 100, seed=4))
PARAMS = CapacityParams(horizon=7, learned=(), folds=2)
Tested = models.Model[CapacityParams, CapacityModel]


def read(
    connection: psycopg.Connection, params: CapacityParams, as_of: datetime, has_champion: bool
) -> models.Learnable | None:
    """One more day of history each day; nothing is measured before Monday."""
    days = 80 + (as_of - MONDAY).days
    if days < 80:
        return None
    end = START + pd.Timedelta(days=days)
    return models.Learnable(SERIES[SERIES["ds"] < end], end, f"{days} days")


def model_named(name: str, *, is_required: bool) -> Tested:
    recipe = Recipe(CapacityModel, PARAMS, fit, backtest, GATE)
    return models.Model(name, recipe, FEATURES, read, "nothing was measured", is_required)


class Ran:
    """A run of a model's asset: what its check said."""

    def __init__(self, model: Any, as_of: datetime) -> None:
        result = dg.materialize(
            [models.model_asset(model, "test_model")],
            resources={RESOURCE: RunClock(as_of=as_of.isoformat())},
            raise_on_error=False,
        )
        (self.check,) = result.get_asset_check_evaluations()
        self.said = {name: str(value.value) for name, value in self.check.metadata.items()}


def damage(uri: str) -> None:
    file = Path(url2pathname(urlparse(uri).path))
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def serving(connection: psycopg.Connection) -> list[tuple[str, datetime]]:
    return connection.execute(
        "select version, champion_from from predictions.model_versions "
        "where champion_from is not null and champion_to is null"
    ).fetchall()


def challenging(connection: psycopg.Connection) -> list[tuple[str, datetime]]:
    return connection.execute(
        "select version, challenger_from from predictions.model_versions "
        "where challenger_from is not null and challenger_to is null"
    ).fetchall()
