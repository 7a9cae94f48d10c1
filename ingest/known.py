"""What raw already knows of a resource, so that only new versions are written."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, LiteralString, NamedTuple, Protocol

import psycopg
from psycopg import sql

from ingest.contract import Key, Resource
from ingest.window import Window

# The hash of a newest version that says that the row is deleted.
DELETED = ""


class Version(NamedTuple):
    """The newest state of a key."""

    row_hash: str
    known_at: datetime


# An event has no states: that its key is there is all there is to know.
MET = Version("", datetime.max.replace(tzinfo=UTC))


class Known(Protocol):
    """Tells the newest version of keys; an absent key is unknown."""

    def of(self, keys: Collection[Key]) -> dict[Key, Version]: ...


class Nothing:
    """Of a table without rows."""

    def of(self, keys: Collection[Key]) -> dict[Key, Version]:
        return {}


class InWindow:
    """Events or periods of a window, asked for once: one new to raw costs one index look-up."""

    def __init__(
        self, connection: psycopg.Connection, source: str, resource: Resource, window: Window
    ) -> None:
        moment = sql.Identifier(resource.changed_at[0])
        form: LiteralString = (
            "select distinct on ({keys}) {keys}, _row_hash, _known_at from {within} "
            "order by {keys}, _known_at desc"
            if resource.is_versioned
            else "select {keys} from {within}"
        )
        within = sql.SQL(
            "{table} where {moment} < %(end)s "
            "and (%(start)s::timestamptz is null or {moment} >= %(start)s)"
        ).format(table=_table(source, resource), moment=moment)
        query = sql.SQL(form).format(keys=_names(resource.key), within=within)
        rows = connection.execute(query, {"start": window.start, "end": window.end})
        self._found: dict[Key, Version] = (
            {tuple(key): Version(row_hash, known_at) for *key, row_hash, known_at in rows}
            if resource.is_versioned
            else dict.fromkeys(rows, MET)
        )

    def of(self, keys: Collection[Key]) -> dict[Key, Version]:
        return self._found


class ByKey:
    """Whatever the time of a row, looked up page by page through the unique index."""

    def __init__(self, connection: psycopg.Connection, source: str, resource: Resource) -> None:
        self._connection = connection
        types = resource.column_types
        arrays = sql.SQL(", ").join(
            sql.SQL("%s::{}[]").format(sql.SQL(_ARRAY_TYPES[types[name]])) for name in resource.key
        )
        self._query = sql.SQL(
            "select distinct on ({keys}) {keys}, _row_hash, _known_at, _deleted_at "
            "from {table} where ({keys}) in (select * from unnest({arrays})) "
            "order by {keys}{newest}"
        ).format(
            keys=_names(resource.key),
            table=_table(source, resource),
            arrays=arrays,
            newest=sql.SQL(", _known_at desc, _load_id desc" if resource.is_versioned else ""),
        )

    def of(self, keys: Collection[Key]) -> dict[Key, Version]:
        if not keys:
            return {}
        columns = [list(values) for values in zip(*keys, strict=True)]
        return {
            tuple(key): Version(DELETED if deleted_at else row_hash, known_at)
            for *key, row_hash, known_at, deleted_at in self._connection.execute(
                self._query, columns
            )
        }


_ARRAY_TYPES = {"text": "text", "bigint": "bigint", "timestamp": "timestamptz", "double": "float8"}


def known_in(
    connection: psycopg.Connection, source: str, resource: Resource, window: Window
) -> Known:
    """The cheapest way to know what raw has of the rows that a window brings."""
    if not has_rows(connection, source, resource):
        return Nothing()
    time = next((c for c in resource.columns if c.name in resource.changed_at[:1]), None)
    if resource.is_dated and time is not None and time.required:
        return InWindow(connection, source, resource, window)
    return ByKey(connection, source, resource)


def live_keys(connection: psycopg.Connection, source: str, resource: Resource) -> set[Key]:
    """Keys whose newest version is not deleted."""
    query = sql.SQL(
        "select {keys} from (select distinct on ({keys}) {keys}, _deleted_at from {table} "
        "order by {keys}, _known_at desc, _load_id desc) as newest where _deleted_at is null"
    ).format(keys=_names(resource.key), table=_table(source, resource))
    return {tuple(key) for key in connection.execute(query)}


def newest_versions(
    connection: psycopg.Connection, source: str, resource: Resource, keys: Iterable[Key]
) -> Iterator[tuple[Any, ...]]:
    """The newest stored version of each of these keys that is alive.

    Values come in the order of the resource's columns, then the remainder, the hash and since when
    the version is known; JSON as text.
    """
    wanted = [list(values) for values in zip(*keys, strict=True)]
    if not wanted:
        return
    types = resource.column_types
    columns = [
        sql.SQL("{}::text").format(sql.Identifier(name))
        if types[name] == "json"
        else sql.Identifier(name)
        for name in (
            *(column.name for column in resource.columns),
            "rest",
            "_row_hash",
            "_known_at",
        )
    ]
    arrays = sql.SQL(", ").join(
        sql.SQL("%s::{}[]").format(sql.SQL(_ARRAY_TYPES[types[name]])) for name in resource.key
    )
    query = sql.SQL(
        "select distinct on ({keys}) _deleted_at, {columns} from {table} "
        "where ({keys}) in (select * from unnest({arrays})) "
        "order by {keys}, _known_at desc, _load_id desc"
    ).format(
        keys=_names(resource.key),
        columns=sql.SQL(", ").join(columns),
        table=_table(source, resource),
        arrays=arrays,
    )
    for deleted_at, *version in connection.execute(query, wanted):
        if deleted_at is None:
            yield tuple(version)


def has_rows(connection: psycopg.Connection, source: str, resource: Resource) -> bool:
    if not table_exists(connection, f"raw_{source}", resource.name):
        return False
    query = sql.SQL("select exists (select from {})").format(_table(source, resource))
    row = connection.execute(query).fetchone()
    return bool(row and row[0])


def table_exists(connection: psycopg.Connection, schema: str, table: str) -> bool:
    row = connection.execute(
        "select to_regclass(format('%%I.%%I', %s::text, %s::text)) is not null", (schema, table)
    ).fetchone()
    return bool(row and row[0])


def _table(source: str, resource: Resource) -> sql.Identifier:
    return sql.Identifier(f"raw_{source}", resource.name)


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))
