"""A week unlike those in training is told of once, warns, and has a version learn it.

The features are made up apart from what the model learns, so that the gate sees no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
import pytest

from ml.capacity import CapacityModel, CapacityParams, backtest, fit
from ml.capacity_backtest import GATE
from ml.training import Recipe
from orchestration import drift, models
from orchestration.clock import RESOURCE, RunClock
from tests.ml.forecast_series import START, long_frame, noisy
from warehouse import Warehouse

DAY = timedelta(days=1)
BEGIN = START.tz_localize("UTC").to_pydatetime()
# the weeks begin on Mondays; the last one is over for a day on the Tuesday after it
SHIFTED, OVER = BEGIN + 84 * DAY, BEGIN + 91 * DAY
TUESDAY = OVER + DAY
SERIES = long_frame(noisy(8, 100, seed=5))
PARAMS = CapacityParams(horizon=7, learned=(), folds=2)
DEVICES, DAYS = 20, 100


def learnable(
    _: psycopg.Connection, __: CapacityParams, as_of: datetime, has_champion: bool
) -> models.Learnable:
    """All days that are over; a first version leaves the last month to be scored."""
    end = pd.Timestamp(as_of.date()) - pd.Timedelta(days=0 if has_champion else 30)
    return models.Learnable(SERIES[SERIES["ds"] < end], end, "some days")


@dataclass
class Features:
    """Two features of devices, of which one is shifted by so much from `SHIFTED` on."""

    shift: float

    def read(
        self,
        _: psycopg.Connection,
        __: CapacityParams,
        start: datetime,
        end: datetime,
        ___: datetime,
    ) -> pd.DataFrame:
        random = np.random.default_rng(0)
        times = np.tile(pd.date_range(BEGIN, periods=DAYS, freq="1D"), DEVICES)
        frame = pd.DataFrame(
            {
                "entity": np.repeat(np.arange(DEVICES), DAYS),
                "time": times,
                "load": random.standard_normal(DEVICES * DAYS),
                "heat": random.standard_normal(DEVICES * DAYS),
            }
        )
        frame.loc[frame["time"] >= SHIFTED, "load"] += self.shift
        return frame[(frame["time"] >= start) & (frame["time"] < end)]


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.autocommit = True
        yield connection
        connection.execute(
            "truncate predictions.model_versions, predictions.backtests, predictions.drift"
        )


class Estate:
    """A model whose features are shifted by so much, and its runs."""

    def __init__(self, name: str, shift: float, embargo: timedelta = timedelta(0)) -> None:
        recipe = Recipe(CapacityModel, PARAMS, fit, backtest, GATE)
        features = dg.AssetKey(["features", "made_up"])
        model = models.Model(
            name, recipe, features, learnable, "nothing", is_required=True, embargo=embargo
        )
        self.model = model
        self.assets = [
            drift.drift_asset(model, Features(shift).read),
            models.model_asset(model, f"{name}_model"),
        ]

    def run(self, as_of: datetime) -> Any:
        """What the check of the features says."""
        result = dg.materialize(
            self.assets, resources={RESOURCE: RunClock(as_of=as_of.isoformat())}
        )
        checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
        return checks[drift.CHECK]


def told(connection: psycopg.Connection, columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(
        f"select {columns} from predictions.drift order by as_of, version, feature"
    ).fetchall()


def versions(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Of each version its training, whether it served, and what the gate said."""
    return connection.execute(
        "select trained_at, train_end, champion_from, gate_reason from predictions.model_versions "
        "order by trained_at"
    ).fetchall()


def test_a_shifted_week_warns_and_has_a_version_trained_at_once(
    connection: psycopg.Connection,
) -> None:
    estate = Estate("shifted", shift=10.0)
    first = estate.run(TUESDAY)
    assert first.passed and first.metadata["version"].value == "none"
    # no newcomer would be as good as this champion
    connection.execute("update predictions.backtests set value = 0")
    later = TUESDAY + timedelta(hours=6)
    found = estate.run(later)
    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.WARN
    assert found.metadata["week"].value == f"{SHIFTED:%Y-%m-%d}"
    assert str(found.metadata["drifted"].value).startswith("load (")
    rows = told(connection, "week, feature, verdict, n, n_reference, as_of")
    weeks = (TUESDAY - 30 * DAY - BEGIN).days // 7
    assert rows == [
        (SHIFTED.date(), feature, verdict, 7 * DEVICES, 7 * DEVICES * weeks, later)
        for feature, verdict in (("heat", "stable"), ("load", "drifted"))
    ]
    held_out, learned = versions(connection)
    assert held_out[:3] == (TUESDAY, TUESDAY - 30 * DAY, TUESDAY)
    assert learned[:3] == (later, TUESDAY, later), "what learned the week serves"
    assert "against naive" in learned[3]
    assert learned[3].endswith(f"the champion, which drifted before {OVER:%Y-%m-%d}, is no measure")


def test_a_version_that_learned_the_week_is_told_of_and_not_trained_again(
    connection: psycopg.Connection,
) -> None:
    estate = Estate("learned", shift=10.0)
    for hour in (0, 6, 12):
        last = estate.run(TUESDAY + timedelta(hours=hour))
    assert not last.passed
    assert len(versions(connection)) == 2
    assert len(set(told(connection, "version"))) == 2
    estate.run(TUESDAY + DAY + timedelta(hours=12))
    assert " and champion " in versions(connection)[2][3], "the champion is a measure again"


def test_a_week_too_young_to_be_learned_is_learned_as_soon_as_it_can_be(
    connection: psycopg.Connection,
) -> None:
    estate = Estate("young", shift=10.0, embargo=7 * DAY)
    for hour in (0, 6, 12):
        last = estate.run(TUESDAY + timedelta(hours=hour))
    assert not last.passed
    assert len(versions(connection)) == 1, "none could have learned the week"
    reached = OVER + 7 * DAY
    for as_of in (reached - timedelta(hours=12), reached, reached + timedelta(hours=6)):
        estate.run(as_of)
    _, early, learned = versions(connection)
    assert early[0] == reached - timedelta(hours=12)
    assert early[2] is None, "trained after the week, it has not learned all of it"
    assert learned[:3] == (reached, reached, reached)
    assert "is no measure" in learned[3]


def test_without_drift_a_version_a_day_is_enough_and_the_champion_is_its_measure(
    connection: psycopg.Connection,
) -> None:
    estate = Estate("steady", shift=0.0)
    for hour in (0, 6, 24):
        assert estate.run(TUESDAY + timedelta(hours=hour)).passed
    assert [row[0] for row in versions(connection)] == [TUESDAY, TUESDAY + DAY]
    assert " and champion " in versions(connection)[1][3]
    assert set(told(connection, "verdict")) == {("stable",)}


def test_a_week_of_a_version_is_judged_once_and_by_as_of_alone(
    connection: psycopg.Connection,
) -> None:
    estate = Estate("once", shift=0.0)
    almost = TUESDAY - timedelta(seconds=1)
    for as_of in (TUESDAY - timedelta(hours=6), almost):
        estate.run(as_of)
    before = told(connection, "*")
    assert told(connection, "week, as_of") == [((SHIFTED - 7 * DAY).date(), almost)] * 2
    estate.run(almost)
    assert told(connection, "*") == before
    estate.run(TUESDAY)
    assert told(connection, "*")[:2] == before
    assert told(connection, "week, as_of")[2:] == [(SHIFTED.date(), TUESDAY)] * 2


def test_where_too_few_devices_are_known_nothing_is_said(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "DEVICES", 9)
    estate = Estate("few", shift=10.0)
    estate.run(TUESDAY)
    found = estate.run(TUESDAY + timedelta(hours=6))
    assert found.passed
    assert found.metadata["verdicts"].value == {"drifted": 0, "stable": 0, "too_few": 2}
    assert set(told(connection, "verdict, psi, p_value, n")) == {("too_few", None, None, 63)}
    assert len(versions(connection)) == 1
