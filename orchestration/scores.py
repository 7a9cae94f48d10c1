"""Anomaly scores into predictions.anomaly_scores, however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import psycopg
from psycopg import sql

from ml.anomaly import OUTPUT

_WRITTEN = ("device_key", "hour", *OUTPUT)


class Added(NamedTuple):
    """Device-hours scored for the first time, and how many of them were flagged."""

    scored: int
    flagged: int


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
) -> Added:
    """Add scores by COPY, all or none; an hour that was scored keeps its first score.

    Each of `batches` has device_key, hour and the model's output columns, and is forgotten once it
    is sent.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, _WRITTEN))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "create temporary table new_scores on commit drop as "
                "select {} from predictions.anomaly_scores with no data"
            ).format(columns)
        )
        into = sql.SQL("copy new_scores ({}) from stdin with (format csv)").format(columns)
        with cursor.copy(into) as copy:
            for batch in batches:
                copy.write(_as_csv(batch))
        cursor.execute(
            sql.SQL(
                "with added as ("
                "insert into predictions.anomaly_scores (model, version, as_of, {}) "
                "select {}, {}, {}, {} from new_scores "
                "on conflict do nothing returning is_flagged) "
                "select count(*), count(*) filter (where is_flagged) from added"
            ).format(columns, model, version, as_of, columns)
        )
        return Added(*(cursor.fetchone() or (0, 0)))


def _as_csv(scores: pd.DataFrame) -> str:
    written = scores[list(_WRITTEN)].assign(
        # a float32 would be written with fewer digits than the column holds
        baseline_score=scores["baseline_score"].astype("float64"),
        factors=scores["factors"].map(_as_json),
    )
    return written.to_csv(index=False, header=False)


def _as_json(factors: list[Any] | None) -> str | None:
    return None if factors is None else json.dumps(factors)
