"""The columns that a contract has gained since its raw table was made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import LiteralString

import psycopg
from psycopg import sql

from ingest.contract import ColumnType, Resource

# As dlt makes them.
_SQL_TYPES: dict[ColumnType, LiteralString] = {
    "text": "varchar",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "timestamp": "timestamp with time zone",
    "json": "jsonb",
}


def ensure(connection: psycopg.Connection, source: str, resources: Iterable[Resource]) -> None:
    """Add the columns that these tables lack; a table that does not exist yet is left out.

    dlt would add them with the first rows that land, but what raw holds is asked for before.
    """
    schema = f"raw_{source}"
    with connection.transaction():
        existing: dict[str, list[str]] = dict(
            connection.execute(
                "select relname::text, array_agg(attname::text) "
                "from pg_class join pg_attribute on attrelid = pg_class.oid "
                "where relnamespace = to_regnamespace(%s) and relkind = 'r' "
                "and attnum > 0 and not attisdropped group by relname",
                (schema,),
            ).fetchall()
        )
        for resource in resources:
            if resource.name not in existing:
                continue
            for name, type_ in resource.column_types.items():
                if name not in existing[resource.name]:
                    connection.execute(
                        sql.SQL("alter table {} add column {} {}").format(
                            sql.Identifier(schema, resource.name),
                            sql.Identifier(name),
                            sql.SQL(_SQL_TYPES[type_]),
                        )
                    )
