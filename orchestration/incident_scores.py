"""Incident predictions into predictions.scores."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
import psycopg
from psycopg import sql

from ml.device_incidents import OUTPUT

_WRITTEN = ("entity_key", "as_of", *OUTPUT)


class Added(NamedTuple):
    """Rows written for the first time, and how many of them are scored and flagged."""

    rows: int
    scored: int
    flagged: int


def newest_scored(connection: psycopg.Connection, model: str) -> datetime | None:
    """The newest midnight that has a row of the model (aware UTC)."""
    row = connection.execute(
        "select max(as_of) from predictions.scores where model = %s", (model,)
    ).fetchone()
    return row[0] if row else None


def write(
    connection: psycopg.Connection,
    model: str,
    version: str,
    scored_at: datetime,
    batches: Iterable[pd.DataFrame],
) -> Added:
    """Add rows by COPY, all or none; what is there already stays as it is.

    Each of `batches` has device_key, as_of and the model's output columns.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, _WRITTEN))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "create temporary table new_scores on commit drop as "
                "select {} from predictions.scores with no data"
            ).format(columns)
        )
        into = sql.SQL("copy new_scores ({}) from stdin with (format csv)").format(columns)
        with cursor.copy(into) as copy:
            for batch in batches:
                copy.write(_as_csv(batch))
        cursor.execute(
            sql.SQL(
                "with added as ("
                "insert into predictions.scores (model, version, scored_at, {}) "
                "select {}, {}, {}, {} from new_scores "
                "on conflict do nothing returning probability, is_flagged) "
                "select count(*), count(probability), count(*) filter (where is_flagged) from added"
            ).format(columns, model, version, scored_at, columns)
        )
        return Added(*(cursor.fetchone() or (0, 0, 0)))


def _as_csv(scores: pd.DataFrame) -> str:
    renamed = scores.rename(columns={"device_key": "entity_key"})
    written = renamed[list(_WRITTEN)].assign(factors=renamed["factors"].map(_as_json))
    return written.to_csv(index=False, header=False)


def _as_json(factors: list[Any] | None) -> str | None:
    return None if factors is None else json.dumps(factors)
