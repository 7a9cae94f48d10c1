"""Odoo as what its readers meet: a PostgreSQL database and a read-only login role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row
from sandbox.odoo.oca import oca_tables
from sandbox.odoo.variant import Variant, renew_schema, tables_of

ROWS_PER_COPY = 10_000


def fill_odoo(
    owner_url: str, estate: Estate, credentials: Credentials, variant: Variant = "enterprise"
) -> None:
    """Make the database show exactly the estate's rows, touching only rows that differ.

    One transaction; `owner_url` may create tables and roles. The estate's helpdesk is Enterprise's;
    another variant shows the same tickets as it would keep them, or none. Raises `ValueError` for a
    table or column Odoo does not have, `psycopg.Error` for what the server refuses.
    """
    with psycopg.connect(owner_url) as connection:
        is_new = renew_schema(connection, variant)
        if is_new:
            with checked_at_once(connection):
                for table, rows in shown_tables(estate, variant):
                    copy_rows(connection, table, sql.Identifier("public", table), rows)
        else:
            replace_rows(connection, estate, variant)
        allow_reading(connection, credentials.odoo_user, credentials.odoo_password)


def replace_rows(connection: psycopg.Connection, estate: Estate, variant: Variant) -> None:
    """Delete, insert and update until the tables show the estate's rows."""
    keys = tables_of(variant)
    for table in keys:
        prepare(connection, table)
    columns = {
        table: copy_rows(connection, table, staged_name(table), rows)
        for table, rows in shown_tables(estate, variant)
    }
    for table in reversed(keys):
        remove_others(connection, table, keys[table])
    for table in keys:
        upsert(connection, table, keys[table], columns.get(table, []))


def shown_tables(estate: Estate, variant: Variant) -> Iterator[tuple[str, Iterable[Row]]]:
    """The estate's tables as the variant has them, parents first."""
    given = estate.odoo_tables()
    known = tables_of(variant)
    for table, rows in oca_tables(given) if variant == "oca" else given:
        if table in known:
            yield table, rows
        elif table not in tables_of("enterprise"):
            raise ValueError(f"odoo: no such table: {table}")


def staged_name(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{table}")


def prepare(connection: psycopg.Connection, table: str) -> None:
    """A temporary table of the same columns, for the rows that shall be."""
    connection.execute(
        sql.SQL("create temporary table {} (like {}) on commit drop").format(
            sql.Identifier(f"staged_{table}"), sql.Identifier("public", table)
        )
    )


def copy_rows(
    connection: psycopg.Connection, table: str, into: sql.Identifier, rows: Iterable[Row]
) -> list[str]:
    """Copy a table's rows, a batch at a time; returns every column any row has."""
    known = {
        column.name
        for column in connection.execute(
            sql.SQL("select * from {} limit 0").format(sql.Identifier("public", table))
        ).description
        or ()
    }
    seen: dict[str, None] = {}
    for batch in batches(rows):
        columns = list(dict.fromkeys(name for row in batch for name in row))
        if unknown := set(columns) - known:
            raise ValueError(f"odoo: {table} has no column {', '.join(sorted(unknown))}")
        seen |= dict.fromkeys(columns)
        statement = sql.SQL("copy {} ({}) from stdin").format(
            into, sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in batch:
                copy.write_row([stored(row.get(column)) for column in columns])
    return list(seen)


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, ROWS_PER_COPY)):
        yield batch


def stored(value: Any) -> Any:
    """A value as COPY writes it: objects as jsonb, moments as UTC without zone."""
    if isinstance(value, dict):
        return Jsonb(value)
    if isinstance(value, datetime) and value.tzinfo:
        raise ValueError(f"odoo: {value} has a time zone; Odoo stores UTC without one")
    return value


def remove_others(connection: psycopg.Connection, table: str, key: tuple[str, ...]) -> None:
    """Delete, as Odoo does, without a trace what is not staged."""
    connection.execute(
        sql.SQL(
            "delete from {table} where not exists (select from {staged} as staged where {same})"
        ).format(
            table=sql.Identifier("public", table),
            staged=staged_name(table),
            same=sql.SQL(" and ").join(
                sql.SQL("staged.{name} = {table}.{name}").format(
                    name=sql.Identifier(name), table=sql.Identifier(table)
                )
                for name in key
            ),
        )
    )


def upsert(
    connection: psycopg.Connection, table: str, key: tuple[str, ...], columns: list[str]
) -> None:
    """Bring the staged rows into the table."""
    if not columns:
        return
    others = [column for column in columns if column not in key]
    change: sql.Composable = sql.SQL("nothing")
    if others:
        change = sql.SQL(
            "update set ({names}) = row({new}) where ({old}) is distinct from ({new})"
        ).format(
            names=sql.SQL(", ").join(map(sql.Identifier, others)),
            old=sql.SQL(", ").join(sql.Identifier("kept", column) for column in others),
            new=sql.SQL(", ").join(sql.Identifier("excluded", column) for column in others),
        )
    connection.execute(
        sql.SQL(
            "insert into {table} as kept ({names}) select {names} from {staged}"
            " on conflict ({key}) do {change}"
        ).format(
            table=sql.Identifier("public", table),
            staged=staged_name(table),
            names=sql.SQL(", ").join(map(sql.Identifier, [*key, *others])),
            key=sql.SQL(", ").join(map(sql.Identifier, key)),
            change=change,
        )
    )


@contextmanager
def checked_at_once(connection: psycopg.Connection) -> Iterator[None]:
    """Check foreign keys table by table in the end, which is quicker for rows that are all new."""
    found = connection.execute(
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
        " where contype = 'f' and connamespace = 'public'::regnamespace"
    ).fetchall()
    for table, name, _ in found:
        connection.execute(
            sql.SQL("alter table {} drop constraint {}").format(
                sql.Identifier(table), sql.Identifier(name)
            )
        )
    yield
    for table, name, definition in found:
        connection.execute(
            sql.SQL("alter table {} add constraint {} {}").format(
                sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)
            )
        )


def allow_reading(connection: psycopg.Connection, user: str, password: str) -> None:
    """Create or renew the login role that readers use: it sees tables and other sessions' ages."""
    role = sql.Identifier(user)
    exists = connection.execute("select 1 from pg_roles where rolname = %s", [user]).fetchone()
    verifier = connection.pgconn.encrypt_password(
        password.encode(), user.encode(), b"scram-sha-256"
    ).decode()
    database = sql.Identifier(connection.info.dbname)
    for statement in (
        *([] if exists else [sql.SQL("create role {role}")]),
        sql.SQL("alter role {role} login password {verifier}"),
        sql.SQL("alter role {role} set default_transaction_read_only = on"),
        sql.SQL("grant pg_read_all_stats to {role}"),
        sql.SQL("grant connect on database {database} to {role}"),
        sql.SQL("grant usage on schema public to {role}"),
        sql.SQL("grant select on all tables in schema public to {role}"),
    ):
        connection.execute(
            statement.format(role=role, verifier=sql.Literal(verifier), database=database)
        )
