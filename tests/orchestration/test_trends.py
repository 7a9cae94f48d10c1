"""Every series of a week gets a trend or a reason, once, and from what the weeks before it tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import numpy as np
import pandas as pd
import psycopg
import pytest

from orchestration import trends
from orchestration.clock import RESOURCE, RunClock
from orchestration.prediction_tables import TREND_ANALYSES
from orchestration.weeks import settled_monday
from warehouse import Warehouse

MONDAY = date(2026, 6, 29)
# the first moment at which the week before is settled
TUESDAY = datetime(2026, 6, 30, tzinfo=UTC)
WEEKS = 26
COLUMNS = ("metric", "entity_kind", "entity_key", "customer_key", "week_start", "week_value")
QUIET, RISING, NEW, ENDED = 1, 2, 3, 4


def series(
    metric: str, kind: str, key: int, values: list[float], until: date
) -> list[tuple[object, ...]]:
    """Rows of a series whose last week ends on a Monday."""
    starts = [until - timedelta(weeks=len(values) - week) for week in range(len(values))]
    return [
        (metric, kind, key, 7, start, value) for start, value in zip(starts, values, strict=True)
    ]


def rows(seed: int = 0) -> list[tuple[object, ...]]:
    random = np.random.default_rng(seed)
    quiet = list(50 + random.standard_normal(WEEKS))
    rising = list(20 + 2.0 * np.arange(WEEKS) + random.standard_normal(WEEKS))
    return [
        *series("disk_pct", "device", QUIET, quiet, MONDAY),
        *series("disk_pct", "device", RISING, rising, MONDAY),
        *series("disk_pct", "device", NEW, quiet[:3], MONDAY),
        *series("disk_pct", "device", ENDED, quiet[:20], MONDAY - timedelta(weeks=6)),
        *series("tickets_created", "customer", 7, [5.0] * 12, MONDAY),
    ]


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.autocommit = True
        connection.execute(
            "create table features.feat_trend_weekly (metric text, entity_kind text, "
            "entity_key bigint, customer_key bigint, week_start date, week_value double precision)"
        )
        connection.execute("grant select on features.feat_trend_weekly to opsmart_ml")
        fill(connection, rows())
        yield connection
        connection.execute("drop table features.feat_trend_weekly")
        connection.execute("truncate predictions.trend_analyses")


def fill(connection: psycopg.Connection, weeks: list[tuple[object, ...]]) -> None:
    connection.execute("truncate features.feat_trend_weekly")
    frame = pd.DataFrame(weeks, columns=list(COLUMNS))
    with (
        connection.cursor() as cursor,
        cursor.copy("copy features.feat_trend_weekly from stdin with (format csv)") as copy,
    ):
        copy.write(frame.to_csv(index=False, header=False))


def run(as_of: datetime) -> None:
    dg.materialize(trends.ASSETS, resources={RESOURCE: RunClock(as_of=as_of.isoformat())})


def write(connection: psycopg.Connection, until: date, found: pd.DataFrame) -> None:
    TREND_ANALYSES.write(connection, {"until": until, "as_of": TUESDAY}, [found])


def stored(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    return connection.execute(
        "select * from predictions.trend_analyses order by until, metric, entity_key"
    ).fetchall()


def test_every_series_has_a_trend_or_a_reason(connection: psycopg.Connection) -> None:
    run(TUESDAY)
    found = connection.execute(
        "select entity_kind, entity_key, first_week, direction, not_tested_reason, n "
        "from predictions.trend_analyses order by metric, entity_key"
    ).fetchall()
    begun = MONDAY - timedelta(weeks=WEEKS)
    assert found[:3] == [
        ("device", QUIET, begun, "none", None, found[0][5]),
        ("device", RISING, begun, "rising", None, found[1][5]),
        ("device", NEW, MONDAY - timedelta(weeks=3), None, found[2][4], found[2][5]),
    ]
    assert str(found[2][4]).endswith("points can be tested, 10 are needed")
    assert found[3][3:5] == (None, "nothing is known of the newest period")
    assert found[4][:4] == ("customer", 7, MONDAY - timedelta(weeks=12), "none")
    slope, lower, upper, newest = (
        connection.execute(
            "select slope, slope_lower, slope_upper, newest_value from predictions.trend_analyses "
            "where entity_key = %s",
            (RISING,),
        ).fetchone()
        or (None,) * 4
    )
    assert lower < 2 < upper and slope == pytest.approx(2, abs=0.2)
    assert newest == pytest.approx(rows()[2 * WEEKS - 1][5])


def test_the_trends_of_a_week_are_told_once(connection: psycopg.Connection) -> None:
    run(TUESDAY)
    first = stored(connection)
    fill(connection, rows(seed=1))
    for later in (timedelta(0), timedelta(days=6, hours=23)):
        run(TUESDAY + later)
        assert stored(connection) == first
    run(TUESDAY + timedelta(days=7))
    assert len(stored(connection)) == 2 * len(first)


def test_a_week_is_not_told_before_it_is_settled(connection: psycopg.Connection) -> None:
    assert settled_monday(TUESDAY - timedelta(seconds=1)) == MONDAY - timedelta(weeks=1)
    assert settled_monday(TUESDAY) == MONDAY
    run(TUESDAY - timedelta(seconds=1))
    # of the newest week, which is there already, nothing is said
    known = connection.execute(
        "select until, max(newest_value) from predictions.trend_analyses where entity_key = %s "
        "group by until",
        (RISING,),
    ).fetchall()
    assert known == [(MONDAY - timedelta(weeks=1), pytest.approx(rows()[2 * WEEKS - 2][5]))]


def test_what_broke_off_leaves_nothing_and_is_made_up_for(
    connection: psycopg.Connection,
) -> None:
    found = trends.analysed(trends.weeks(connection, MONDAY), MONDAY)
    with pytest.raises(psycopg.errors.CheckViolation):
        write(connection, MONDAY, found.assign(reason="and a trend"))
    assert stored(connection) == []
    run(TUESDAY)
    assert len(stored(connection)) == len(found)


def test_where_nothing_was_measured_nothing_is_said(connection: psycopg.Connection) -> None:
    fill(connection, [])
    run(TUESDAY)
    assert stored(connection) == []


def test_trends_are_kept_for_a_year(connection: psycopg.Connection) -> None:
    found = trends.analysed(trends.weeks(connection, MONDAY), MONDAY)
    for weeks in (0, 53, 54):
        write(connection, MONDAY - timedelta(weeks=weeks), found)
    trends.forget(connection)
    kept = connection.execute("select distinct until from predictions.trend_analyses order by 1")
    assert kept.fetchall() == [(MONDAY - timedelta(weeks=53),), (MONDAY,)]
