"""features.feat_capacity_daily filled from a frame, for tests that read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import psycopg

COLUMNS = (
    "date_key",
    "date_day",
    "device_key",
    "customer_key",
    "resource",
    "y",
    "is_masked",
    "known_at",
)


@contextmanager
def capacity_table(connection: psycopg.Connection, frame: pd.DataFrame) -> Iterator[None]:
    """The table with the rows of a frame of `COLUMNS`, readable by the models' role, then gone."""
    connection.execute(
        "create table features.feat_capacity_daily (date_key integer, date_day date, "
        "device_key bigint, customer_key bigint, resource text, y double precision, "
        "is_masked boolean, known_at timestamptz)"
    )
    connection.execute("grant select on features.feat_capacity_daily to opsmart_ml")
    fill(connection, frame)
    yield
    connection.execute("drop table features.feat_capacity_daily")


def fill(connection: psycopg.Connection, frame: pd.DataFrame) -> None:
    """The table holds these rows and no other."""
    connection.execute("truncate features.feat_capacity_daily")
    into = f"copy features.feat_capacity_daily ({', '.join(COLUMNS)}) from stdin with (format csv)"
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(frame.to_csv(columns=list(COLUMNS), index=False, header=False))


def capacity_days(series: pd.DataFrame, resource: str) -> pd.DataFrame:
    """Rows of the table from a long frame (unique_id, ds, y), known two hours after the day."""
    return pd.DataFrame(
        {
            "date_key": series["ds"].dt.strftime("%Y%m%d").astype(int),
            "date_day": series["ds"].dt.date,
            "device_key": series["unique_id"],
            "customer_key": 7,
            "resource": resource,
            "y": series["y"],
            "is_masked": series["y"].isna(),
            "known_at": series["ds"].dt.tz_localize("UTC") + pd.Timedelta(hours=26),
        }
    )
