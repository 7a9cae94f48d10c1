"""Between the warehouse and the models: features out, versions, backtests and scores in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

ROLE = "opsmart_ml"
_SCORES = (
    "model",
    "version",
    "device_key",
    "hour",
    "as_of",
    "score",
    "raw_score",
    "baseline_score",
    "severity",
    "is_flagged",
    "coverage",
    "not_scored_reason",
    "factors",
)


def read_features(connection: psycopg.Connection, since: datetime | None = None) -> pd.DataFrame:
    """Rows of features.feat_infra_hourly at or after `since` (aware UTC; None for all).

    Columns as there: bigint keys, float64 metrics (NaN = not measured), bool masks, hours as
    datetime64[us, UTC].
    """
    query = sql.SQL(
        "copy (select * from features.feat_infra_hourly where hour >= {} order by device_key, hour)"
        " to stdout with (format csv, header)"
    ).format(sql.Literal(since or "-infinity"))
    buffer = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        for block in copy:
            buffer.write(block)
    buffer.seek(0)
    frame = pd.read_csv(buffer, true_values=["t"], false_values=["f"], dtype={"role_name": "str"})
    for column in ("hour", "known_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True, format="ISO8601")
    return frame


def write_version(
    connection: psycopg.Connection, version: Mapping[str, Any], backtest: pd.DataFrame
) -> None:
    """Record a trained version and its backtest in one transaction; a known version stays as it is.

    `version` maps columns of predictions.model_versions to values; `backtest` has the columns fold,
    slice, metric, value, baseline_value, n.
    """
    columns = sql.SQL(", ").join(map(sql.Identifier, version))
    values = [
        Jsonb(value) if isinstance(value, dict | list) else value for value in version.values()
    ]
    marks = sql.SQL(", ").join(sql.Placeholder() * len(values))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(
                "insert into predictions.model_versions ({}) values ({}) on conflict do nothing"
            ).format(columns, marks),
            values,
        )
        cursor.executemany(
            "insert into predictions.backtests "
            "(model, version, fold, slice, metric, value, baseline_value, n) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
            [
                (version["model"], version["version"], *map(_plain, row))
                for row in backtest.itertuples(index=False, name=None)
            ],
        )


def newest_version(connection: psycopg.Connection, model: str) -> dict[str, Any] | None:
    """The version trained last, by its as_of."""
    return _one(
        connection,
        "select * from predictions.model_versions where model = %s "
        "order by trained_at desc, version limit 1",
        (model,),
    )


def champion(connection: psycopg.Connection, model: str) -> dict[str, Any] | None:
    """The version that serves, None if none was ever good enough."""
    return _one(
        connection,
        "select * from predictions.model_versions "
        "where model = %s and champion_from is not null and champion_to is null",
        (model,),
    )


def backtest_of(connection: psycopg.Connection, model: str, version: str) -> pd.DataFrame:
    """A version's backtest with the columns fold, slice, metric, value, baseline_value, n."""
    cursor = connection.execute(
        "select fold, slice, metric, value, baseline_value, n from predictions.backtests "
        "where model = %s and version = %s order by fold, slice, metric",
        (model, version),
    )
    names = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=names)


def promote(connection: psycopg.Connection, model: str, version: str, moment: datetime) -> None:
    """Let a version serve from `moment` (aware UTC) on, and the one before it no longer."""
    with connection.transaction():
        connection.execute(
            "update predictions.model_versions set champion_to = %s "
            "where model = %s and version <> %s and champion_from is not null "
            "and champion_to is null",
            (moment, model, version),
        )
        connection.execute(
            "update predictions.model_versions "
            "set champion_from = coalesce(champion_from, %s), champion_to = null "
            "where model = %s and version = %s",
            (moment, model, version),
        )


def newest_scored_hour(connection: psycopg.Connection, model: str) -> datetime | None:
    """The newest hour that has a row in predictions.anomaly_scores (aware UTC)."""
    row = connection.execute(
        "select max(hour) from predictions.anomaly_scores where model = %s", (model,)
    ).fetchone()
    return row[0] if row else None


def write_scores(
    connection: psycopg.Connection, model: str, version: str, as_of: datetime, scores: pd.DataFrame
) -> int:
    """Add scores by COPY, all or none; an hour that was scored keeps its first score.

    `scores` has device_key, hour and the model's output columns. Returns the rows added.
    """
    added = scores.assign(model=model, version=version, as_of=as_of)
    columns = sql.SQL(", ").join(map(sql.Identifier, _SCORES))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "create temporary table new_scores (like predictions.anomaly_scores) on commit drop"
        )
        with cursor.copy(sql.SQL("copy new_scores ({}) from stdin").format(columns)) as copy:
            for row in added[list(_SCORES)].itertuples(index=False, name=None):
                copy.write_row([_plain(value) for value in row])
        cursor.execute(
            sql.SQL(
                "insert into predictions.anomaly_scores ({}) select {} from new_scores "
                "on conflict do nothing"
            ).format(columns, columns)
        )
        return cursor.rowcount


def _plain(value: Any) -> Any:
    """A value as psycopg knows it: NaN is null, lists are jsonb, numpy's types Python's."""
    if isinstance(value, list):
        return Jsonb(value)
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _one(
    connection: psycopg.Connection, query: str, values: tuple[Any, ...]
) -> dict[str, Any] | None:
    cursor = connection.execute(query, values)
    row = cursor.fetchone()
    if row is None:
        return None
    return dict(zip([column.name for column in cursor.description or ()], row, strict=True))
