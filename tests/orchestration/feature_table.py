"""features.feat_infra_hourly filled from a frame, for tests that read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd
import psycopg

from ml.anomaly_params import HOST_METRICS

_NUMBERS = ", ".join(f"{name} double precision" for name in (*HOST_METRICS, "coverage"))


@contextmanager
def feature_table(connection: psycopg.Connection, frame: pd.DataFrame) -> Iterator[None]:
    """The table with the frame's rows, until the connection is rolled back at the end."""
    connection.execute(
        f"create table features.feat_infra_hourly (device_key bigint, hour timestamptz, {_NUMBERS},"
        " is_masked boolean, is_incident boolean, role_name text,"
        " confirmed_at timestamptz, near_confirmed_at timestamptz, dismissed_at timestamptz)"
    )
    columns = ", ".join(frame.columns)
    with connection.cursor() as cursor:
        with cursor.copy(
            f"copy features.feat_infra_hourly ({columns}) from stdin with (format csv)"
        ) as copy:
            copy.write(frame.to_csv(index=False, header=False))
        yield
    connection.rollback()
