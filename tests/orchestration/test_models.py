"""A version a day, and whatever happens to artifacts, one that is whole serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import url2pathname

import dagster as dg
import pandas as pd
import psycopg
import pytest

from ml.capacity import CapacityModel, CapacityParams, backtest, fit
from ml.capacity_backtest import GATE
from ml.registry import Registered, Registry
from ml.training import Recipe
from orchestration import models
from orchestration.clock import RESOURCE, RunClock
from tests.ml.forecast_series import START, long_frame, noisy
from warehouse import Warehouse

FEATURES = dg.AssetKey(["features", "made_up"])
MONDAY = datetime(2026, 6, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
SERIES = long_frame(noisy(8, 90, seed=5))
Tested = models.Model[CapacityParams, CapacityModel]
PARAMS = CapacityParams(horizon=7, learned=(), folds=2)


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


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.autocommit = True
        yield connection
        connection.execute("truncate predictions.model_versions, predictions.backtests")


@pytest.fixture
def model(request: pytest.FixtureRequest) -> Tested:
    """A model of the test's own: MLflow keeps what another registered."""
    return model_named(request.function.__name__, is_required=True)


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


def test_a_version_a_day_is_trained_and_the_better_one_serves(
    connection: psycopg.Connection, model: Tested
) -> None:
    first = Ran(model, MONDAY)
    assert first.check.passed, first.said
    assert serving(connection) == [(first.said["champion"], MONDAY)]
    again = Ran(model, MONDAY + timedelta(hours=23))
    assert again.said == first.said, "no second version within a day"
    second = Ran(model, MONDAY + DAY)
    assert serving(connection) == [(second.said["champion"], MONDAY + DAY)]
    found = connection.execute(
        "select version, champion_to, train_end, rows, features->>0, params->>'horizon' "
        "from predictions.model_versions order by trained_at"
    ).fetchall()
    train_end = datetime(2026, 3, 26, tzinfo=UTC)
    assert found == [
        (first.said["champion"], MONDAY + DAY, train_end, 8 * 80, "last_value", "7"),
        (second.said["champion"], None, train_end + DAY, 8 * 81, "last_value", "7"),
    ]


def test_a_damaged_champion_is_refused_and_the_one_before_it_serves_again(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    first = Ran(model, MONDAY).said["champion"]
    second = Ran(model, MONDAY + DAY).said["champion"]
    kept = model.registry(warehouse).find(second)
    assert kept is not None
    damage(kept.artifact_uri)
    later = MONDAY + DAY + timedelta(hours=6)
    ran = Ran(model, later)
    assert serving(connection) == [(first, later)]
    assert not ran.check.passed
    assert ran.check.severity == dg.AssetCheckSeverity.WARN
    assert second in ran.said["refused"]
    assert Ran(model, later + timedelta(hours=6)).check.passed, "who serves now is whole"
    assert serving(connection) == [(first, later)]


def test_a_damaged_challenger_never_serves_and_the_check_says_so(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, model: Tested
) -> None:
    first = Ran(model, MONDAY).said["champion"]
    register = Registry.register

    def damaging(*arguments: Any) -> Registered:
        kept = register(*arguments)
        damage(kept.artifact_uri)
        return kept

    monkeypatch.setattr(Registry, "register", damaging)
    ran = Ran(model, MONDAY + DAY)
    assert serving(connection) == [(first, MONDAY)]
    assert not ran.check.passed
    assert ran.check.severity == dg.AssetCheckSeverity.WARN
    assert "is refused: the model artifact has sha256" in ran.said["refused"]


@pytest.mark.parametrize(
    ("is_required", "severity"),
    [(True, dg.AssetCheckSeverity.ERROR), (False, dg.AssetCheckSeverity.WARN)],
)
def test_only_a_required_model_stops_what_depends_on_it(
    connection: psycopg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    is_required: bool,
    severity: dg.AssetCheckSeverity,
) -> None:
    model = model_named(f"required_{is_required}", is_required=is_required)
    nothing = Ran(model, MONDAY - DAY)
    assert not nothing.check.passed
    assert nothing.check.severity == dg.AssetCheckSeverity.WARN
    assert nothing.said["newest"] == "nothing was measured"
    monkeypatch.setitem(globals(), "SERIES", SERIES[SERIES["ds"] >= START + pd.Timedelta(days=65)])
    short = Ran(model, MONDAY)
    assert not short.check.passed
    assert short.check.severity == severity
    assert "too short a history" in short.said["newest"]
    assert not serving(connection)
