"""What the capacity forecasts read: days of one resource out of the warehouse, as of a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import psycopg
from psycopg import sql

from orchestration import copying

# Enough to teach regressors 30 days ahead and to test them on three folds.
HISTORY = timedelta(days=180)


def first_day(connection: psycopg.Connection, as_of: datetime) -> date | None:
    """The first day to forecast: the one after the newest that was measured and over by `as_of`.

    `as_of` is aware UTC. None if nothing was measured.
    """
    row = connection.execute(
        "select max(date_day) + 1 from features.feat_capacity_daily "
        "where not is_masked and known_at <= %s and date_day < %s",
        (as_of, as_of.astimezone(UTC).date()),
    ).fetchone()
    return row[0] if row else None


def frame(
    connection: psycopg.Connection, resource: str, first: date, as_of: datetime
) -> pd.DataFrame:
    """The `HISTORY` of a resource before the day `first`, as it was known at `as_of` (aware UTC).

    Of a device that changed hands the days of its last customer alone.

    Columns unique_id (int64, the device's key), ds (datetime64 without a zone, midnights), y
    (float64, NaN where the day is masked or was not measured). Every device of these days has a
    row of the last of them, so that all series end together.
    """
    query = sql.SQL(
        "select device_key as unique_id, date_day as ds, "
        "case when not is_masked then y end as y from ("
        "select *, first_value(customer_key) "
        "over (partition by device_key order by date_day desc) as owner_key "
        "from features.feat_capacity_daily where resource = {} and known_at <= {} "
        "and date_key >= {} and date_key < {}) as days "
        "where customer_key = owner_key order by device_key, date_day"
    ).format(
        sql.Literal(resource),
        sql.Literal(as_of),
        *(sql.Literal(int(f"{day:%Y%m%d}")) for day in (first - HISTORY, first)),
    )
    rows = copying.frame(
        connection, query, dtype={"unique_id": "int64", "y": "float64"}, parse_dates=["ds"]
    )
    newest = pd.Timestamp(first) - pd.Timedelta(days=1)
    ends = pd.DataFrame({"unique_id": rows["unique_id"].unique()}).assign(ds=newest, y=float("nan"))
    return pd.concat([rows, ends]).drop_duplicates(["unique_id", "ds"], ignore_index=True)
