"""Which capacity forecasts are there, which go, and what stands for those nobody could make."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import psycopg

from ml.capacity import OUTPUT

# Runs are kept so long; afterwards those from Mondays and from last days of months on.
KEPT_DAYS = 35


def is_forecast(connection: psycopg.Connection, model: str, first: date) -> bool:
    """Whether a model's forecasts from the day `first` on are there."""
    row = connection.execute(
        "select exists (select from predictions.forecasts where model = %s and first_day = %s)",
        (model, first),
    ).fetchone()
    return bool(row and row[0])


def forget(connection: psycopg.Connection) -> int:
    """Drop the runs too old to keep beside the newest one; the number of their forecasts."""
    row = connection.execute(
        "select min(first_day), max(first_day) - %s from predictions.forecasts", (KEPT_DAYS,)
    ).fetchone()
    oldest, kept_from = row or (None, None)
    if oldest is None or oldest >= kept_from:
        return 0
    old = (oldest + timedelta(days=day) for day in range((kept_from - oldest).days))
    return connection.execute(
        "delete from predictions.forecasts where first_day = any(%s)",
        ([day for day in old if not (day.isoweekday() == 1 or is_last_of_month(day))],),
    ).rowcount


def is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def not_scored(frame: pd.DataFrame, first: date, horizon: int, reason: str) -> pd.DataFrame:
    """The forecasts of all series of a frame where there is no model: rows that say why."""
    series = pd.DataFrame({"unique_id": frame["unique_id"].unique()})
    days = pd.DataFrame({"ds": pd.date_range(first, periods=horizon)})
    rows = series.merge(days, how="cross").reindex(columns=list(OUTPUT))
    return rows.assign(method=None, not_scored_reason=reason)
