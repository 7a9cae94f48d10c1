"""Incident predictions arrive whole or not at all, once, and each says something or why not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pandas as pd
import psycopg
import pytest

from ml.device_incidents import OUTPUT, fit, unscored
from orchestration import incident_scores
from orchestration.copying import Added
from tests.ml.device_days import DAYS, PARAMS, START, WEEK, estate
from warehouse import Warehouse

NOON, LATER = (datetime(2026, 4, 2, hour, tzinfo=UTC) for hour in (12, 18))
STORED = ("entity_key", "as_of", *OUTPUT)


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect(role="opsmart_ml") as connection:
        yield connection
        connection.rollback()
        connection.execute("delete from predictions.scores")


@pytest.fixture(scope="module")
def predicted() -> pd.DataFrame:
    """Predictions of a week, flagged ones and withheld ones among them."""
    origin = START + pd.Timedelta(days=DAYS - 14)
    frame = estate().rows()
    model = fit(frame, PARAMS, origin)
    asked = frame[(frame["as_of"] >= origin) & (frame["as_of"] < origin + WEEK)]
    asked = asked.assign(is_in_maintenance=asked["device_key"] == 105)
    found = model.predict(asked).reset_index(drop=True)
    assert found["is_flagged"].any() and found["not_scored_reason"].notna().any()
    return found


def stored(connection: psycopg.Connection) -> pd.DataFrame:
    query = f"select {', '.join(STORED)} from predictions.scores order by as_of, entity_key"
    return pd.DataFrame(connection.execute(query).fetchall(), columns=list(STORED))


def write(
    connection: psycopg.Connection, scored_at: datetime, batches: Iterator[pd.DataFrame]
) -> Added:
    return incident_scores.write(connection, "odd", "v1", scored_at, batches)


def test_what_was_predicted_is_what_is_stored(
    connection: psycopg.Connection, predicted: pd.DataFrame
) -> None:
    added = write(connection, NOON, iter([predicted.head(100), predicted.iloc[100:]]))
    is_scored = predicted["probability"].notna()
    assert added == (len(predicted), predicted["is_flagged"].sum())
    found = stored(connection)
    expected = predicted.rename(columns={"device_key": "entity_key"})[list(STORED)]
    nothing = found.isna()
    assert nothing.equals(expected.isna())
    for name in STORED:
        assert found[name][~nothing[name]].tolist() == expected[name][~nothing[name]].tolist(), name
    assert incident_scores.newest_scored(connection, "odd") == predicted["as_of"].max()
    publishable = connection.execute("select count(*) from predictions.scores where is_publishable")
    assert publishable.fetchone() == (is_scored.sum(),)


def test_a_midnight_keeps_its_first_score(
    connection: psycopg.Connection, predicted: pd.DataFrame
) -> None:
    some = predicted.head(50)
    write(connection, NOON, iter([some]))
    added = write(connection, LATER, iter([predicted.assign(recommendation="another")]))
    assert added.rows == len(predicted) - len(some)
    when = connection.execute(
        "select scored_at, count(*) from predictions.scores group by scored_at order by scored_at"
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
    assert incident_scores.newest_scored(connection, "odd") is None


def test_without_a_model_every_row_says_why(connection: psycopg.Connection) -> None:
    frame = estate().rows().head(40)
    added = write(connection, NOON, iter([unscored(frame, PARAMS, "no version serves")]))
    assert added == (40, 0)
    reasons = connection.execute("select distinct not_scored_reason from predictions.scores")
    assert reasons.fetchall() == [("no version serves",)]
    with pytest.raises(psycopg.errors.CheckViolation):
        write(connection, LATER, iter([unscored(frame, PARAMS, "").assign(as_of=LATER)]))
