"""Odoo as what its readers meet: a PostgreSQL database and a read-only login role."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row

SCHEMA = Path(__file__).with_name("odoo_schema.sql")
TABLES = (
    *("res_company", "res_partner", "res_users", "ir_model_fields"),
    *("helpdesk_team", "helpdesk_stage", "helpdesk_sla", "helpdesk_ticket"),
    *("helpdesk_sla_status", "mail_message", "mail_tracking_value"),
)
"""Every table, parents first."""


def fill_odoo(owner_url: str, estate: Estate, credentials: Credentials) -> None:
    """Make the database show exactly the estate's rows, touching only rows that differ.

    One transaction; `owner_url` may create tables and roles. Raises `ValueError` for a table or
    column Odoo does not have, `psycopg.Error` for what the server refuses.
    """
    with psycopg.connect(owner_url) as connection:
        connection.execute(SCHEMA.read_bytes())
        given = {table: list(rows) for table, rows in estate.odoo_tables()}
        if unknown := set(given) - set(TABLES):
            raise ValueError(f"odoo: no such table: {', '.join(sorted(unknown))}")
        for table in TABLES:
            stage(connection, table, given.get(table, []))
        for table in reversed(TABLES):
            connection.execute(
                sql.SQL(
                    "delete from {table} where not exists"
                    " (select from {staged} as staged where staged.id = {table}.id)"
                ).format(table=sql.Identifier(table), staged=staged_name(table))
            )
        for table in TABLES:
            upsert(connection, table, given.get(table, []))
        allow_reading(connection, credentials.odoo_user, credentials.odoo_password)


def staged_name(table: str) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"staged_{table}")


def columns_of(table: str, rows: list[Row]) -> list[str]:
    """Every column any of the rows has."""
    return list(dict.fromkeys(name for row in rows for name in row))


def stage(connection: psycopg.Connection, table: str, rows: list[Row]) -> None:
    """Copy rows into a temporary table of the same columns."""
    name, target = staged_name(table), sql.Identifier("public", table)
    connection.execute(
        sql.SQL("create temporary table {} (like {}) on commit drop").format(
            sql.Identifier(f"staged_{table}"), target
        )
    )
    columns = columns_of(table, rows)
    known = {
        column.name
        for column in connection.execute(
            sql.SQL("select * from {} limit 0").format(target)
        ).description
        or ()
    }
    if unknown := set(columns) - known:
        raise ValueError(f"odoo: {table} has no column {', '.join(sorted(unknown))}")
    if not rows:
        return
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("copy {} ({}) from stdin").format(name, names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row([stored(row.get(column)) for column in columns])


def stored(value: Any) -> Any:
    """A value as COPY writes it: objects as jsonb, moments as UTC without zone."""
    if isinstance(value, dict):
        return Jsonb(value)
    if isinstance(value, datetime) and value.tzinfo:
        raise ValueError(f"odoo: {value} has a time zone; Odoo stores UTC without one")
    return value


def upsert(connection: psycopg.Connection, table: str, rows: list[Row]) -> None:
    """Bring the staged rows into the table."""
    columns = [column for column in columns_of(table, rows) if column != "id"]
    if not columns:
        return
    connection.execute(
        sql.SQL(
            "insert into {table} as kept (id, {names}) select id, {names} from {staged}"
            " on conflict (id) do update set ({names}) = row({new})"
            " where ({old}) is distinct from ({new})"
        ).format(
            table=sql.Identifier("public", table),
            staged=staged_name(table),
            names=sql.SQL(", ").join(map(sql.Identifier, columns)),
            old=sql.SQL(", ").join(sql.Identifier("kept", column) for column in columns),
            new=sql.SQL(", ").join(sql.Identifier("excluded", column) for column in columns),
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
