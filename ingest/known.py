"""What raw already knows of a resource, so that only new versions are written."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from ingest.contract import Resource

Key = tuple[Any, ...]


def known_hashes(
    connection: psycopg.Connection, source: str, resource: Resource, since: datetime | None
) -> dict[Key, str | None]:
    """Key → hash of its newest version, None where that version says deleted.

    Of events only those at or after `since` (aware UTC; None for all): the load reads no earlier
    one.
    """
    if not table_exists(connection, f"raw_{source}", resource.name):
        return {}
    table = sql.Identifier(f"raw_{source}", resource.name)
    keys = sql.SQL(", ").join(map(sql.Identifier, resource.key))
    if resource.kind == "event":
        query = sql.SQL(
            "select {}, _row_hash, null from {} "
            "where %(since)s::timestamptz is null or {} >= %(since)s"
        ).format(keys, table, sql.Identifier(resource.changed_at[0]))
    else:
        query = sql.SQL(
            "select distinct on ({}) {}, _row_hash, _deleted_at from {} "
            "order by {}, _known_at desc, _load_id desc"
        ).format(keys, keys, table, keys)
    rows = connection.execute(query, {"since": since}).fetchall()
    return {tuple(key): None if deleted_at else row_hash for *key, row_hash, deleted_at in rows}


def newest_versions(
    connection: psycopg.Connection, source: str, resource: Resource, keys: list[Key]
) -> list[dict[str, Any]]:
    """The newest stored version of each of these keys, columns by name, JSON as text."""
    table = sql.Identifier(f"raw_{source}", resource.name)
    key_columns = sql.SQL(", ").join(map(sql.Identifier, resource.key))
    columns = [
        sql.SQL("{}::text").format(sql.Identifier(name))
        if type_ == "json"
        else sql.Identifier(name)
        for name, type_ in resource.column_types.items()
    ]
    query = sql.SQL(
        "select distinct on ({}) {} from {} order by {}, _known_at desc, _load_id desc"
    ).format(key_columns, sql.SQL(", ").join(columns), table, key_columns)
    wanted = set(keys)
    names = list(resource.column_types)
    versions = [dict(zip(names, row, strict=True)) for row in connection.execute(query)]
    return [row for row in versions if tuple(row[name] for name in resource.key) in wanted]


def table_exists(connection: psycopg.Connection, schema: str, table: str) -> bool:
    row = connection.execute(
        "select to_regclass(format('%%I.%%I', %s::text, %s::text)) is not null", (schema, table)
    ).fetchone()
    return bool(row and row[0])
