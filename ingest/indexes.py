"""The indexes of raw tables: the key, which no row may break, and the time of what has one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

import psycopg
from psycopg import sql

from ingest.contract import Resource


def ensure(connection: psycopg.Connection, source: str, resources: Iterable[Resource]) -> None:
    """Make the indexes that these tables lack; a table that does not exist yet is left out.

    One over other columns than it should have, made before a key changed, is made anew.

    BRIN costs next to nothing and suits columns that grow with the table: when a row was loaded
    and known, by which increments are found, and the time of an event or period. Rare rows have
    an index of their own, by their time, and events that belong to something one by that.
    """
    schema = f"raw_{source}"
    with connection.transaction():
        tables = _names(connection, "select tablename from pg_tables where schemaname = %s", schema)
        existing = _existing(connection, schema)
        for resource in resources:
            if resource.name not in tables:
                continue
            for name, (statement, columns) in _wanted(resource).items():
                if existing.get(name) != columns:
                    connection.execute(
                        sql.SQL("drop index if exists {}").format(sql.Identifier(schema, name))
                    )
                    connection.execute(
                        sql.SQL(statement).format(
                            sql.Identifier(name),
                            sql.Identifier(schema, resource.name),
                            sql.SQL(", ").join(map(sql.Identifier, columns)),
                        )
                    )


def summarize(connection: psycopg.Connection, source: str, resources: Iterable[Resource]) -> None:
    """Bring the BRIN indexes of these tables up to date with the rows that came.

    Pages at the end of a table are in no summary until autovacuum comes by: until then every
    search by time would read all of them.
    """
    with connection.transaction():
        connection.execute(
            "select brin_summarize_new_values(indexrelid) "
            "from pg_index join pg_class on pg_class.oid = indexrelid "
            "join pg_am on pg_am.oid = relam and amname = 'brin' "
            "join pg_class as tables on tables.oid = indrelid "
            "where tables.relnamespace = to_regnamespace(%s) and tables.relname = any(%s)",
            (f"raw_{source}", [resource.name for resource in resources]),
        )


def _wanted(resource: Resource) -> dict[str, tuple[LiteralString, tuple[str, ...]]]:
    """Index name → statement and columns."""
    wanted: dict[str, tuple[LiteralString, tuple[str, ...]]] = {
        f"{resource.name}_key": ("create unique index {} on {} ({})", resource.primary_key)
    }
    growing = ["_load_id", "_known_at"]
    if resource.is_dated:
        growing.append(resource.changed_at[0])
    for column in growing:
        name = f"{resource.name}_{column.strip('_')}"
        wanted[name] = ("create index {} on {} using brin ({})", (column,))
    if resource.rare:
        statement: LiteralString = "create index {} on {} ({}) where " + resource.rare
        wanted[f"{resource.name}_rare"] = (statement, resource.changed_at[:1])
    if resource.owner:
        wanted[f"{resource.name}_owner"] = ("create index {} on {} ({})", (resource.owner,))
    return wanted


def _existing(connection: psycopg.Connection, schema: str) -> dict[str, tuple[str, ...]]:
    """Index name → columns, in their order."""
    rows = connection.execute(
        "select relname, array_agg(attname::text order by attnum) "
        "from pg_class join pg_attribute on attrelid = pg_class.oid "
        "where relkind = 'i' and relnamespace = to_regnamespace(%s) group by relname",
        (schema,),
    )
    return {name: tuple(columns) for name, columns in rows}


def _names(connection: psycopg.Connection, query: LiteralString, schema: str) -> set[str]:
    return {name for (name,) in connection.execute(query, (schema,))}
