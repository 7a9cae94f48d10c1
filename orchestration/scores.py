"""Anomaly scores into predictions.anomaly_scores, however many there are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
import psycopg
from psycopg import sql

from ml.anomaly import OUTPUT
from orchestration import copying

_WRITTEN = ("device_key", "hour", *OUTPUT)


def newest_hour(connection: psycopg.Connection, model: str) -> datetime | None:
    """The newest hour that has a row in predictions.anomaly_scores (aware UTC)."""
    row = connection.execute(
        "select max(hour) from predictions.anomaly_scores where model = %s", (model,)
    ).fetchone()
    return row[0] if row else None


def write(
    connection: psycopg.Connection,
    model: str,
    version: str,
    as_of: datetime,
    batches: Iterable[pd.DataFrame],
) -> copying.Added:
    """Add scores, all or none, and count those flagged; an hour keeps its first score.

    Each of `batches` has device_key, hour and the model's output columns, and is forgotten once it
    is sent.
    """
    return copying.add(
        connection,
        sql.Identifier("predictions", "anomaly_scores"),
        {"model": model, "version": version, "as_of": as_of},
        _WRITTEN,
        map(_as_csv, batches),
        sql.SQL("is_flagged"),
    )


def _as_csv(scores: pd.DataFrame) -> str:
    written = scores[list(_WRITTEN)].assign(
        # a float32 would be written with fewer digits than the column holds
        baseline_score=scores["baseline_score"].astype("float64"),
        factors=scores["factors"].map(copying.as_json),
    )
    return written.to_csv(index=False, header=False)
