"""A version a day, and whatever happens to artifacts, one that is whole serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
import pytest

from ml.registry import Registered, Registry
from ml.too_little import TooLittle
from orchestration import predictions
from orchestration.clock import RESOURCE, RunClock
from orchestration.models import model_asset
from tests.ml.forecast_series import START
from tests.orchestration import daily_model
from tests.orchestration.daily_model import (
    DAY,
    MONDAY,
    Ran,
    Tested,
    challenging,
    damage,
    model_named,
    serving,
)
from warehouse import Warehouse


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


def test_a_version_a_day_is_trained_and_the_second_challenges_the_first(
    connection: psycopg.Connection, model: Tested
) -> None:
    first = Ran(model, MONDAY)
    assert first.check.passed, first.said
    assert serving(connection) == [(first.said["champion"], MONDAY)]
    again = Ran(model, MONDAY + timedelta(hours=23))
    assert again.said == first.said, "no second version within a day"
    assert not challenging(connection)
    second = Ran(model, MONDAY + DAY)
    assert second.said["champion"] == first.said["champion"]
    assert challenging(connection) == [(second.said["challenger"], MONDAY + DAY)]
    third = Ran(model, MONDAY + 2 * DAY)
    assert serving(connection) == [(first.said["champion"], MONDAY)]
    assert challenging(connection) == [(second.said["challenger"], MONDAY + DAY)]
    found = connection.execute(
        "select version, train_end, rows, features->>0, params->>'horizon' "
        "from predictions.model_versions order by trained_at"
    ).fetchall()
    train_end = datetime(2026, 3, 26, tzinfo=UTC)
    assert found[:2] == [
        (first.said["champion"], train_end, 8 * 80, "last_value", "7"),
        (second.said["challenger"], train_end + DAY, 8 * 81, "last_value", "7"),
    ]
    assert third.said["challenger"] == second.said["challenger"] != found[2][0]


def test_a_damaged_champion_is_refused_and_the_one_before_it_serves_again(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    first = Ran(model, MONDAY).said["champion"]
    second = Ran(model, MONDAY + DAY).said["challenger"]
    predictions.promote(connection, model.name, second, MONDAY + DAY)
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


def test_where_no_other_served_the_challenger_follows_a_damaged_champion(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    first = Ran(model, MONDAY).said["champion"]
    second = Ran(model, MONDAY + DAY).said["challenger"]
    kept = model.registry(warehouse).find(first)
    assert kept is not None
    damage(kept.artifact_uri)
    later = MONDAY + DAY + timedelta(hours=6)
    ran = Ran(model, later)
    assert first in ran.said["refused"]
    assert serving(connection) == [(second, later)]
    assert not challenging(connection)


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
    assert not challenging(connection)


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
    series = daily_model.SERIES
    short_one = series[series["ds"] >= START + pd.Timedelta(days=65)]
    monkeypatch.setattr(daily_model, "SERIES", short_one)
    short = Ran(model, MONDAY)
    assert not short.check.passed
    assert short.check.severity == severity
    assert "too short a history" in short.said["newest"]
    assert not serving(connection)


def test_too_little_to_learn_from_stops_a_required_model_alone(
    connection: psycopg.Connection,
) -> None:
    def refuse(*_: Any) -> Any:
        raise TooLittle("two rows, ten needed")

    def without_enough(name: str, *, is_required: bool) -> Tested:
        model = model_named(name, is_required=is_required)
        return replace(model, recipe=replace(model.recipe, fit=refuse))

    optional = Ran(without_enough("too_little", is_required=False), MONDAY)
    assert optional.check.severity == dg.AssetCheckSeverity.WARN and not optional.check.passed
    assert optional.said["newest"] == "two rows, ten needed"
    assert not serving(connection)
    required = model_asset(without_enough("too_little_required", is_required=True), "test_model")
    with pytest.raises(TooLittle):
        dg.materialize([required], resources={RESOURCE: RunClock(as_of=MONDAY.isoformat())})
