"""Incident predictions into predictions.scores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pandas as pd
import psycopg
from psycopg import sql

from ml.device_incidents import OUTPUT
from orchestration import copying

_WRITTEN = ("entity_key", "as_of", *OUTPUT)


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
) -> copying.Added:
    """Add rows, all or none, and count those flagged; what is there already stays as it is.

    Each of `batches` has device_key, as_of and the model's output columns.
    """
    return copying.add(
        connection,
        sql.Identifier("predictions", "scores"),
        {"model": model, "version": version, "scored_at": scored_at},
        _WRITTEN,
        map(_as_csv, batches),
        sql.SQL("is_flagged"),
    )


def _as_csv(scores: pd.DataFrame) -> str:
    renamed = scores.rename(columns={"device_key": "entity_key"})
    written = renamed[list(_WRITTEN)].assign(factors=renamed["factors"].map(copying.as_json))
    return written.to_csv(index=False, header=False)
