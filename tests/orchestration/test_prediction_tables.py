"""What a model says arrives whole or not at all, once, and each row says something or why not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from ml.anomaly import AnomalyModel
from ml.device_incidents import fit, unscored
from orchestration.copying import Added
from orchestration.prediction_tables import ANOMALY_SCORES, FORECASTS, SCORES, PredictionTable
from tests.ml.conftest import TRAIN_END, faulty_estate, model
from tests.ml.device_days import DAYS, PARAMS, START, WEEK, estate
from tests.ml.estate import Estate
from warehouse import Warehouse

__all__ = ["faulty_estate", "model"]

NOON, LATER = (datetime(2026, 4, 2, hour, tzinfo=UTC) for hour in (12, 18))


@dataclass(frozen=True)
class Said:
    """What a model said, as its table takes it; `moment` is the column of the run's moment."""

    table: PredictionTable
    frame: pd.DataFrame
    moment: str
    same: dict[str, Any]

    def write(
        self, connection: psycopg.Connection, moment: datetime, batches: Iterator[pd.DataFrame]
    ) -> Added:
        return self.table.write(connection, self.same | {self.moment: moment}, batches)

    def stored(self, connection: psycopg.Connection) -> pd.DataFrame:
        names = ", ".join(self.table.columns)
        rows = connection.execute(
            f"select {names} from predictions.{self.table.name} order by 1, 2"
        ).fetchall()
        return pd.DataFrame(rows, columns=list(self.table.columns))


@pytest.fixture(scope="module")
def anomalies(faulty_estate: Estate, model: AnomalyModel) -> Said:
    """Scores of twenty days, flagged ones and unscored ones among them."""
    frame = faulty_estate.frame
    is_silent = (frame["device_key"] == 1001) & (frame["hour"] >= TRAIN_END)
    frame = frame.assign(**{name: frame[name].mask(is_silent) for name in model.params.metrics})
    found = model.predict(frame, TRAIN_END)
    found.insert(0, "entity_key", found["device_key"])
    return Said(ANOMALY_SCORES, found, "as_of", {"model": "odd", "version": "v1"})


@pytest.fixture(scope="module")
def incidents() -> Said:
    """Predictions of a week, flagged ones and withheld ones among them."""
    origin = START + pd.Timedelta(days=DAYS - 14)
    frame = estate().rows()
    fitted = fit(frame, PARAMS, origin)
    asked = frame[(frame["as_of"] >= origin) & (frame["as_of"] < origin + WEEK)]
    found = fitted.predict(asked.assign(is_in_maintenance=asked["device_key"] == 105))
    return Said(SCORES, found, "scored_at", {"model": "odd", "version": "v1"})


@pytest.fixture(scope="module")
def forecasts() -> Said:
    """Two days of two devices, of which one could not be forecast."""
    bounds = {f"yhat_{side}_{level}": 1.5 for side in ("lower", "upper") for level in (80, 95)}
    found = pd.DataFrame(
        {
            "unique_id": [7, 7, 8, 8],
            "ds": [datetime(2026, 4, day, tzinfo=UTC).date() for day in (2, 3)] * 2,
            "yhat": [0.1, 1 / 3, np.nan, np.nan],
            "method": ["last", "last", None, None],
            "not_scored_reason": [None, None, "not scored", "not scored"],
        }
    )
    bands = {name: found["yhat"] * value for name, value in bounds.items()}
    same = {"model": "odd", "version": "v1", "resource": "cpu", "first_day": found["ds"][0]}
    return Said(FORECASTS, found.assign(**bands), "as_of", same)


@pytest.fixture(params=["anomalies", "incidents", "forecasts"])
def said(request: pytest.FixtureRequest) -> Said:
    chosen: Said = request.getfixturevalue(request.param)
    assert chosen.frame["not_scored_reason"].notna().any()
    return chosen


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect(role="opsmart_ml") as connection:
        yield connection
        connection.rollback()
        for table in (ANOMALY_SCORES, SCORES, FORECASTS):
            connection.execute(f"delete from predictions.{table.name}")


def test_what_was_said_is_what_is_stored(connection: psycopg.Connection, said: Said) -> None:
    keys = said.frame.iloc[:, 0]
    halves = (said.frame[keys % 2 == half] for half in (0, 1))
    added = said.write(connection, NOON, halves)
    expected = said.frame.rename(columns=said.table.renamed)[list(said.table.columns)]
    expected = expected.sort_values(list(said.table.columns[:2]), ignore_index=True)
    counted = expected["is_flagged"] if "is_flagged" in expected else expected["yhat"].notna()
    assert counted.any()
    assert added == (len(expected), counted.sum())
    found = said.stored(connection)
    nothing = found.isna()
    assert nothing.equals(expected.isna())
    for name in said.table.columns:
        assert found[name][~nothing[name]].tolist() == expected[name][~nothing[name]].tolist(), name


def test_the_newest_is_that_of_the_model(connection: psycopg.Connection, said: Said) -> None:
    said.write(connection, NOON, iter([said.frame]))
    times = said.same.get(said.table.time) or said.frame[said.table.time].max()
    assert said.table.newest(connection, "odd") == times
    assert said.table.newest(connection, "another") is None


def test_what_was_said_first_stays(connection: psycopg.Connection, said: Said) -> None:
    some = said.frame.head(len(said.frame) // 2)
    said.write(connection, NOON, iter([some]))
    added = said.write(connection, LATER, iter([said.frame]))
    assert added.rows == len(said.frame) - len(some)
    when = connection.execute(
        f"select {said.moment}, count(*) from predictions.{said.table.name} group by 1 order by 1"
    ).fetchall()
    assert when == [(NOON, len(some)), (LATER, added.rows)]


def test_what_breaks_off_leaves_nothing(connection: psycopg.Connection, said: Said) -> None:
    def broken() -> Iterator[pd.DataFrame]:
        yield said.frame
        raise MemoryError("no more")

    with pytest.raises(MemoryError):
        said.write(connection, NOON, broken())
    assert said.stored(connection).empty
    assert said.table.newest(connection, "odd") is None


def test_without_a_model_every_row_says_why(
    connection: psycopg.Connection, incidents: Said
) -> None:
    frame = estate().rows().head(40)
    rows = unscored(frame, PARAMS, "no version serves")
    assert incidents.write(connection, NOON, iter([rows])) == (40, 0)
    reasons = connection.execute(
        "select distinct not_scored_reason, is_publishable from predictions.scores"
    )
    assert reasons.fetchall() == [("no version serves", False)]
    mute = unscored(frame, PARAMS, "").assign(as_of=LATER)
    with pytest.raises(psycopg.errors.CheckViolation):
        incidents.write(connection, LATER, iter([mute]))
