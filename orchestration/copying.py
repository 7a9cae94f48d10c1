"""Rows into a table of the warehouse by COPY, however many there are, and out of it as a frame."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import psycopg
from psycopg import sql


class Added(NamedTuple):
    """Rows that were not there, and how many of them are what was counted."""

    rows: int
    counted: int


def add(
    connection: psycopg.Connection,
    table: sql.Identifier,
    same: Mapping[str, Any],
    columns: Sequence[str],
    batches: Iterable[str],
    counted: sql.SQL,
) -> Added:
    """Add rows, all or none; a row whose key is there already is left as it is.

    Each of `batches` is CSV without a header of `columns`, and is forgotten once it is sent; `same`
    holds the columns that are the same in all rows. `counted` is a condition on the table's rows.
    """
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("create temporary table new_rows as select {} from {} with no data").format(
                names, table
            )
        )
        into = sql.SQL("copy new_rows ({}) from stdin with (format csv)").format(names)
        with cursor.copy(into) as copy:
            for batch in batches:
                copy.write(batch)
        cursor.execute(
            sql.SQL(
                "with added as (insert into {} ({}, {}) select {}, {} from new_rows "
                "on conflict do nothing returning *) "
                "select count(*), count(*) filter (where {}) from added"
            ).format(
                table,
                sql.SQL(", ").join(map(sql.Identifier, same)),
                names,
                sql.SQL(", ").join(map(sql.Literal, same.values())),
                names,
                counted,
            )
        )
        added = Added(*(cursor.fetchone() or (0, 0)))
        cursor.execute("drop table new_rows")
    return added


def frame(connection: psycopg.Connection, query: sql.Composable, **reading: Any) -> pd.DataFrame:
    """The rows of a query, as `pandas.read_csv` reads their columns with the options given."""
    buffer = io.BytesIO()
    out = sql.SQL("copy ({}) to stdout with (format csv, header)").format(query)
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        for chunk in copy:
            buffer.write(chunk)
    buffer.seek(0)
    rows: pd.DataFrame = pd.read_csv(buffer, **reading)
    return rows


def as_json(value: Sequence[Any] | None) -> str | None:
    """A list as a jsonb column takes it."""
    return None if value is None else json.dumps(value)
