"""Capacity forecasts into predictions.forecasts, and out of it when they are old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pandas as pd
import psycopg
from psycopg import sql

from ml.capacity import OUTPUT
from orchestration import copying

_WRITTEN = ("device_key", "ds", *OUTPUT[2:])
# Runs are kept so long; afterwards those of Mondays and the last of each month.
KEPT = timedelta(days=35)


def is_forecast(connection: psycopg.Connection, model: str, first: date) -> bool:
    """Whether a model's forecasts from the day `first` on are there."""
    row = connection.execute(
        "select exists (select from predictions.forecasts where model = %s and first_day = %s)",
        (model, first),
    ).fetchone()
    return bool(row and row[0])


def write(
    connection: psycopg.Connection,
    model: str,
    version: str | None,
    resource: str,
    first: date,
    as_of: datetime,
    batches: Iterable[pd.DataFrame],
) -> copying.Added:
    """Add the forecasts from the day `first` on, all or none, and count those that are scored.

    Each of `batches` has the columns of `ml.capacity.OUTPUT`, unique_id being the device's key. A
    day that was forecast from this first day keeps what was said first.
    """
    return copying.add(
        connection,
        sql.Identifier("predictions", "forecasts"),
        {
            "model": model,
            "version": version,
            "resource": resource,
            "first_day": first,
            "as_of": as_of,
        },
        _WRITTEN,
        map(_as_csv, batches),
        sql.SQL("yhat is not null"),
    )


def forget(connection: psycopg.Connection, model: str, first: date) -> int:
    """Drop the forecasts of runs too old to keep when one from the day `first` on is there."""
    return connection.execute(
        "with runs as ("
        "select first_day, "
        "max(first_day) over (partition by date_trunc('month', first_day)) as last_of_month "
        "from predictions.forecasts where model = %(model)s group by first_day) "
        "delete from predictions.forecasts where model = %(model)s and first_day in ("
        "select first_day from runs where first_day < %(kept_from)s "
        "and first_day <> last_of_month and extract(isodow from first_day) <> 1)",
        {"model": model, "kept_from": first - KEPT},
    ).rowcount


def not_scored(frame: pd.DataFrame, first: date, horizon: int, reason: str) -> pd.DataFrame:
    """The forecasts of all series of a frame where there is no model: rows that say why."""
    series = pd.DataFrame({"unique_id": frame["unique_id"].unique()})
    days = pd.DataFrame({"ds": pd.date_range(first, periods=horizon)})
    rows = series.merge(days, how="cross").reindex(columns=list(OUTPUT))
    return rows.assign(method=None, not_scored_reason=reason)


def _as_csv(forecasts: pd.DataFrame) -> str:
    rows = forecasts.rename(columns={"unique_id": "device_key"})
    return rows.to_csv(columns=list(_WRITTEN), index=False, header=False)
