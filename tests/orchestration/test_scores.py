"""Scores arrive whole or not at all, and an hour is scored once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import psycopg
import pytest

from ml.anomaly import OUTPUT, AnomalyModel
from orchestration import scores
from orchestration.copying import Added
from tests.ml.conftest import TRAIN_END, faulty_estate, model
from tests.ml.estate import Estate
from warehouse import Warehouse

__all__ = ["faulty_estate", "model"]

NOON, LATER = (datetime(2025, 5, 2, hour, tzinfo=UTC) for hour in (12, 18))
STORED = ("device_key", "hour", *OUTPUT)


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        yield connection
        connection.rollback()
        connection.execute("truncate predictions.anomaly_scores")


@pytest.fixture(scope="module")
def predicted(faulty_estate: Estate, model: AnomalyModel) -> pd.DataFrame:
    """Scores of twenty days, flagged ones and unscored ones among them."""
    frame = faulty_estate.frame
    is_silent = (frame["device_key"] == 1001) & (frame["hour"] >= TRAIN_END)
    frame = frame.assign(**{name: frame[name].mask(is_silent) for name in model.params.metrics})
    found = model.predict(frame, TRAIN_END)
    assert found["is_flagged"].any() and found["not_scored_reason"].notna().any()
    return found


def stored(connection: psycopg.Connection) -> pd.DataFrame:
    query = f"select {', '.join(STORED)} from predictions.anomaly_scores order by device_key, hour"
    return pd.DataFrame(connection.execute(query).fetchall(), columns=list(STORED))


def write(
    connection: psycopg.Connection, as_of: datetime, batches: Iterator[pd.DataFrame]
) -> Added:
    return scores.write(connection, "odd", "v1", as_of, batches)


def test_what_was_predicted_is_what_is_stored(
    connection: psycopg.Connection, predicted: pd.DataFrame
) -> None:
    halves = (predicted[predicted["device_key"] % 2 == half] for half in (0, 1))
    added = write(connection, NOON, halves)
    assert added == (len(predicted), predicted["is_flagged"].sum())
    found = stored(connection)
    nothing = found.isna()
    assert nothing.equals(predicted[list(STORED)].isna())
    for name in STORED:
        assert found[name][~nothing[name]].tolist() == predicted[name][~nothing[name]].tolist()
    assert scores.newest_hour(connection, "odd") == predicted["hour"].max()


def test_an_hour_keeps_its_first_score(
    connection: psycopg.Connection, predicted: pd.DataFrame
) -> None:
    some = predicted[predicted["device_key"] < 1010]
    write(connection, NOON, iter([some]))
    added = write(connection, LATER, iter([predicted.assign(score=0.25)]))
    assert added.rows == len(predicted) - len(some)
    when = connection.execute(
        "select as_of, count(*) from predictions.anomaly_scores group by as_of order by as_of"
    ).fetchall()
    assert when == [(NOON, len(some)), (LATER, added.rows)]


def test_scores_that_break_off_leave_nothing(
    connection: psycopg.Connection, predicted: pd.DataFrame
) -> None:
    def broken() -> Iterator[pd.DataFrame]:
        yield predicted
        raise MemoryError("no more")

    with pytest.raises(MemoryError):
        write(connection, NOON, broken())
    assert stored(connection).empty
    assert scores.newest_hour(connection, "odd") is None
