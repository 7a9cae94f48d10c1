"""Compares the warehouse's tickets with what pandas makes of their log, to the second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import psycopg

from tests import ticket_truth as truth
from tests.e2e.demos import frame

# marts round hours to four places, which is a third of a second
HOUR_DIGITS = 0.51e-4


def tickets_equal_their_log(
    connection: psycopg.Connection, spans: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Milestones, resolutions and reopenings of every ticket; returns the facts, by ticket_ref."""
    expected = truth.lives(spans)
    found = frame(connection, "select * from core.fct_tickets").set_index("ticket_ref")
    assert len(found) == len(expected)
    found = found.loc[expected.index]
    assert (found["is_closed"] == expected["is_closed"]).all()
    assert (found["reopen_count"] == expected["reopenings"]).all()
    for column in ("created_at", "first_closed_at", "last_closed_at"):
        times = pd.to_datetime(found[column], utc=True)
        assert ((times == expected[column]) | (times.isna() & expected[column].isna())).all()
    for name in ("first_resolution", "last_resolution"):
        # nobody gave these tickets a calendar, so their desk never closes
        for clock in ("seconds", "business_seconds"):
            same(found[f"{name}_{clock}"], expected[name])
    is_known = expected["first_closed_at"] + truth.MONTH <= as_of
    came_back = expected["is_reopened_in_time"].astype(float).where(is_known)
    same(found["is_reopened_within_30_days"], came_back)
    return found


def mean_and_median_hours(connection: psycopg.Connection, name: str) -> list[float]:
    """Mean and median of a resolution over all tickets, as a reader would ask for them."""
    row = connection.execute(
        psycopg.sql.SQL(
            "select avg({0})::float8 / 3600, "
            "percentile_cont(0.5) within group (order by {0}) / 3600 from core.fct_tickets"
        ).format(psycopg.sql.Identifier(f"{name}_seconds"))
    ).fetchone()
    assert row is not None
    return list(row)


def days_equal_the_log(
    connection: psycopg.Connection,
    spans: pd.DataFrame,
    last_at: pd.Timestamp,
    as_of: pd.Timestamp,
) -> pd.DataFrame:
    """Flows, backlog with its ages and resolutions of every day; returns the expected ones."""
    expected = truth.daily(spans, last_at, as_of)
    found = frame(
        connection, "select * from marts.ticket_metrics_daily where level = 'all'"
    ).set_index("date_day")
    # a day without a ticket to speak of has no row
    assert set(found.index) <= set(expected.index)
    missing = expected.loc[~expected.index.isin(found.index)]
    assert (missing[["created", "closed", "reopened", "backlog"]] == 0).all(axis=None)
    found, expected = found.sort_index(), expected.loc[sorted(found.index)]
    for column in ("created", "solved", "closed", "reopened", "backlog"):
        assert found[column].tolist() == expected[column].tolist(), column
    assert found["reopen_cohort"].tolist() == expected["cohort"].tolist()
    assert found["reopened_within_30_days"].tolist() == expected["reopened_in_time"].tolist()
    rate = (100 * expected["reopened_in_time"] / expected["cohort"]).where(expected["cohort"] > 0)
    same(found["reopen_rate_pct"], rate, HOUR_DIGITS)
    for name in truth.QUANTILES:
        same(found[f"backlog_age_{name}_days"], expected[f"age_{name}"], HOUR_DIGITS)
    for name in ("first_resolution", "last_resolution"):
        for figure in ("avg", *truth.QUANTILES):
            hours = expected[f"{name}_{figure}"]
            same(found[f"{name}_{figure}_hours"], hours, HOUR_DIGITS)
    return expected


def same(found: pd.Series[Any], expected: pd.Series[Any], within: float = 0.0) -> None:
    """Equal numbers, and nothing where nothing is expected."""
    np.testing.assert_allclose(
        found.astype("float64").to_numpy(),
        expected.astype("float64").to_numpy(),
        rtol=1e-12,
        atol=within,
        equal_nan=True,
        err_msg=str(found.name),
    )
