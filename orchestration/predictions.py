"""Versions of models, their backtests and which of them serves, as tables of the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

ROLE = "opsmart_ml"

Row = dict[str, Any]


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


def newest_version(connection: psycopg.Connection, model: str) -> Row | None:
    """The version trained last, by its as_of."""
    return _one(
        connection,
        "select * from predictions.model_versions where model = %s "
        "order by trained_at desc, version limit 1",
        (model,),
    )


def champion(connection: psycopg.Connection, model: str) -> Row | None:
    """The version that serves, None if none was ever good enough."""
    return _one(
        connection,
        "select * from predictions.model_versions "
        "where model = %s and champion_from is not null and champion_to is null",
        (model,),
    )


def challenger(connection: psycopg.Connection, model: str) -> Row | None:
    """The version that is scored in shadow, None if none is."""
    return _one(
        connection,
        "select * from predictions.model_versions "
        "where model = %s and challenger_from is not null and challenger_to is null",
        (model,),
    )


def former_champions(connection: psycopg.Connection, model: str) -> list[Row]:
    """Versions that served once, the one that served last first."""
    cursor = connection.execute(
        "select * from predictions.model_versions where model = %s and champion_to is not null "
        "order by champion_to desc, version",
        (model,),
    )
    return _rows(cursor)


def newcomers(connection: psycopg.Connection, model: str) -> list[dict[str, Any]]:
    """Versions newer than the champion that passed the gate and were never tried, newest first."""
    cursor = connection.execute(
        "select * from predictions.model_versions where model = %(model)s and is_promotable "
        "and champion_from is null and challenger_from is null and trained_at > coalesce(("
        "select trained_at from predictions.model_versions "
        "where model = %(model)s and champion_from is not null and champion_to is null"
        "), '-infinity') order by trained_at desc, version",
        {"model": model},
    )
    return _rows(cursor)


def unlearned_drift(
    connection: psycopg.Connection, version: Row, as_of: datetime
) -> datetime | None:
    """The end (aware UTC) of a week in which features of a version drifted, if it did not learn it.

    That is the newest week judged by `as_of`, where a feature drifted in it, else None.
    """
    row = connection.execute(
        "select (week + 7)::timestamp at time zone 'UTC', bool_or(verdict = 'drifted') "
        "from predictions.drift where model = %s and version = %s and as_of <= %s "
        "group by week order by week desc limit 1",
        (version["model"], version["version"], as_of),
    ).fetchone()
    if row is None or not row[1]:
        return None
    end: datetime = row[0]
    return None if has_learned(version, end) else end


def has_learned(version: Row, moment: datetime) -> bool:
    """Whether a version learned all rows of the time before a moment (aware)."""
    return bool(version["learned_until"] >= moment)


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
    """Let a version serve from `moment` (aware UTC) on, and the one before it no longer.

    Of a version that served before, the new interval takes the place of the old one.
    """
    with connection.transaction():
        connection.execute(
            "update predictions.model_versions set champion_to = %s "
            "where model = %s and version <> %s and champion_from is not null "
            "and champion_to is null",
            (moment, model, version),
        )
        connection.execute(
            "update predictions.model_versions "
            "set champion_from = %s, champion_to = null "
            "where model = %s and version = %s "
            "and (champion_from is null or champion_to is not null)",
            (moment, model, version),
        )


def _plain(value: Any) -> Any:
    """A value as psycopg knows it: NaN is null, numpy's types are Python's."""
    if value is None or value != value:
        return None
    return value.item() if hasattr(value, "item") else value


def _one(connection: psycopg.Connection, query: str, values: tuple[Any, ...]) -> Row | None:
    rows = _rows(connection.execute(query, values))
    return rows[0] if rows else None


def _rows(cursor: psycopg.Cursor[Any]) -> list[Row]:
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
