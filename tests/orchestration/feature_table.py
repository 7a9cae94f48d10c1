"""A feature table of hours filled from a frame, for tests that read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import psycopg

from ml.anomaly_params import AnomalyParams

HOSTS = AnomalyParams()


@contextmanager
def feature_table(
    connection: psycopg.Connection,
    frame: pd.DataFrame,
    name: str = "feat_infra_hourly",
    params: AnomalyParams = HOSTS,
) -> Iterator[None]:
    """The table with the frame's rows, until the connection is rolled back at the end."""
    keys = ", ".join(f"{key} bigint" for key in dict.fromkeys((params.axis.entity, "device_key")))
    numbers = ", ".join(f"{metric} double precision" for metric in (*params.metrics, "coverage"))
    # a test before this one may have built it
    connection.execute(f"drop table if exists features.{name} cascade".encode())
    connection.execute(
        f"create table features.{name} ({keys}, date_key integer, hour timestamptz, {numbers},"
        " is_masked boolean, is_incident boolean, role_name text,"
        " confirmed_at timestamptz, near_confirmed_at timestamptz,"
        " dismissed_at timestamptz)".encode()
    )
    frame = frame.assign(date_key=frame["hour"].dt.strftime("%Y%m%d"))
    columns = ", ".join(frame.columns)
    with connection.cursor() as cursor:
        with cursor.copy(
            f"copy features.{name} ({columns}) from stdin with (format csv)".encode()
        ) as copy:
            copy.write(frame.to_csv(index=False, header=False))
        yield
    connection.rollback()
