"""Who may do what: the group roles, the schemas they own and read, the databases.

The roles cannot log in; a session assumes one with the connection option `-c role=…`. Rights
on tables that dlt and dbt make later come from default privileges, so that nobody has to grant
anything after a load or a build.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

LOADER = "opsmart_loader"
TRANSFORMER = "opsmart_transformer"
ML = "opsmart_ml"
READER = "opsmart_reader"
ANALYST = "opsmart_analyst"
TENANT = "opsmart_tenant"
ROLES = (LOADER, TRANSFORMER, ML, READER, ANALYST, TENANT)

TABLES = Path(__file__).with_name("tables.sql")
SETUP_LOCK = 0x6F70736D617274  # "opsmart" in ASCII


@dataclass(frozen=True)
class Schema:
    """A schema; without an owner it belongs to the login that sets the warehouse up."""

    name: str
    owner: str | None = None
    readers: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    """Roles that write tables made by tables.sql, which grants them what they need."""
    creators: tuple[str, ...] = ()
    """Roles that make tables of their own beside those of tables.sql."""
    visitors: tuple[str, ...] = ()
    """Roles that use only what they are granted one by one."""


SCHEMAS = (
    *(
        Schema(f"raw_{source}{suffix}", LOADER, readers=(TRANSFORMER,))
        for source in ("netbox", "wazuh", "thehive", "odoo", "prometheus")
        for suffix in ("", "_staging")  # dlt merges from the second into the first
    ),
    Schema("quarantine", readers=(TRANSFORMER,), writers=(LOADER,)),
    Schema("ops", readers=(TRANSFORMER,), writers=(LOADER,)),
    Schema("staging", TRANSFORMER),
    Schema("intermediate", TRANSFORMER),
    Schema("core", TRANSFORMER, readers=(ML,)),
    Schema("features", TRANSFORMER, readers=(ML,)),
    Schema(
        "predictions",
        readers=(ML,),
        writers=(ML,),
        creators=(TRANSFORMER,),
        visitors=(ANALYST, TENANT),
    ),
    Schema("marts", TRANSFORMER, readers=(READER,), visitors=(TENANT,)),
)


def session_options(role: str | None) -> str:
    """Return the libpq options by which a session tells moments in UTC and assumes a role."""
    # A server of one's own may be set to any time zone, in which psycopg would return moments.
    options = "-ctimezone=UTC"
    if role is None:
        return options
    options = f"{options} -crole={role}"
    # What dbt builds can be built again after a crash, so its commits need not wait for the disk.
    return f"{options} -csynchronous_commit=off" if role == TRANSFORMER else options


def missing_roles(connection: psycopg.Connection) -> list[str]:
    """Return the roles that do not exist or that this login cannot assume and inherit."""
    # Before 16 every member could assume a role; since then a membership says so.
    assume = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    rows = connection.execute(
        "select name from unnest(%s::text[]) as name"
        " where not coalesce((select pg_has_role(oid, %s) and pg_has_role(oid, 'USAGE')"
        " from pg_roles where rolname = name), false)",
        (list(ROLES), assume),
    )
    return [name for (name,) in rows]


def missing_databases(connection: psycopg.Connection, names: list[str]) -> list[str]:
    """Return those of the databases that do not exist."""
    rows = connection.execute("select datname from pg_database where datname = any(%s)", (names,))
    existing = {name for (name,) in rows}
    return [name for name in names if name not in existing]


def lacking_rights(connection: psycopg.Connection, databases: list[str]) -> list[str]:
    """Return what the login lacks to make the databases and roles that are not there yet."""
    may_create = connection.execute(
        "select rolsuper or rolcreatedb, rolsuper or rolcreaterole"
        " from pg_roles where rolname = current_user"
    ).fetchone()
    creates_databases, creates_roles = may_create or (False, False)
    lacking = []
    if not creates_databases and missing_databases(connection, databases):
        lacking.append("CREATEDB")
    if not creates_roles and missing_roles(connection):
        lacking.append("CREATEROLE")
    return lacking


def lock(connection: psycopg.Connection) -> None:
    """Keep other processes from changing what all databases share, until the connection ends."""
    connection.execute("select pg_advisory_lock(%s)", (SETUP_LOCK,))


def create_roles(connection: psycopg.Connection) -> None:
    """Make the group roles that are not there, and let this login assume and inherit them."""
    for name in missing_roles(connection):
        role = Identifier(name)
        if not connection.execute("select from pg_roles where rolname = %s", (name,)).rowcount:
            connection.execute(SQL("create role {} nologin").format(role))
        if name in missing_roles(connection):
            login = Identifier(connection.info.user)
            grant = "grant {} to {} with inherit true, set true"
            if connection.info.server_version < 160000:
                grant = "grant {} to {}"
            connection.execute(SQL(grant).format(role, login))


def create_databases(connection: psycopg.Connection, names: list[str]) -> None:
    """Make the databases that are not there, and close all to strangers; needs autocommit."""
    for name in missing_databases(connection, names):
        # template0, because template1 cannot be copied while anybody is connected to it.
        connection.execute(
            SQL("create database {} template template0 encoding 'UTF8'").format(Identifier(name))
        )
    for name in names:
        # MLflow and Dagster keep in theirs what no reader of the warehouse should see.
        connection.execute(SQL("revoke all on database {} from public").format(Identifier(name)))


def let_in(connection: psycopg.Connection, database: str) -> None:
    """Let the roles connect to a database, and those that need them make temporary tables."""
    # Here and not with the contents, because all databases share the catalog that this changes.
    name = Identifier(database)
    for role in ROLES:
        connection.execute(SQL("grant connect on database {} to {}").format(name, Identifier(role)))
    for role in (LOADER, TRANSFORMER, ML):
        connection.execute(
            SQL("grant temporary on database {} to {}").format(name, Identifier(role))
        )


def create_contents(connection: psycopg.Connection) -> None:
    """Make schemas, grants and hand-written tables in the database connected to."""
    connection.execute("select pg_advisory_xact_lock(%s)", (SETUP_LOCK,))
    connection.execute("set local client_min_messages = warning")  # not: "already exists"
    connection.execute("revoke all on schema public from public")
    for schema in SCHEMAS:
        for statement in _schema_statements(schema):
            connection.execute(statement)
    connection.execute(TABLES.read_bytes())


def _schema_statements(schema: Schema) -> Iterator[Composed]:
    name = Identifier(schema.name)
    owner = SQL(" authorization {}").format(Identifier(schema.owner)) if schema.owner else SQL("")
    yield SQL("create schema if not exists {}").format(name) + owner
    for role in dict.fromkeys(
        (*schema.readers, *schema.writers, *schema.creators, *schema.visitors)
    ):
        yield SQL("grant usage on schema {} to {}").format(name, Identifier(role))
    for role in schema.creators:
        yield SQL("grant create on schema {} to {}").format(name, Identifier(role))
    for maker in filter(None, (schema.owner, *schema.creators)):
        for reader in schema.readers:
            yield SQL(
                "alter default privileges for role {} in schema {} grant select on tables to {}"
            ).format(Identifier(maker), name, Identifier(reader))


def preparation(user: str, databases: list[str]) -> str:
    """Return the SQL, for psql, by which an administrator prepares a server for a plain login."""
    lines = [
        "-- Run by an administrator in psql, connected to any database of the server.",
        "-- The login then needs neither CREATEDB nor CREATEROLE.",
    ]
    login = Identifier(user)
    for role in ROLES:
        make = SQL("create role {} nologin").format(Identifier(role)).as_string()
        test = SQL("select from pg_roles where rolname = {}").format(Literal(role)).as_string()
        lines.append(f"do $$ begin if not exists ({test}) then {make}; end if; end $$;")
        lines.append(SQL("grant {} to {};").format(Identifier(role), login).as_string())
    for database in databases:
        make_database = SQL(
            "create database {} owner {} template template0 encoding 'UTF8'"
        ).format(Identifier(database), login)
        lines.append(
            SQL("select {} where not exists (select from pg_database where datname = {}) \\gexec")
            .format(Literal(make_database.as_string()), Literal(database))
            .as_string()
        )
    return "\n".join(lines)
