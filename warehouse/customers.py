"""Logins of customers: each sees its own rows of the marts and nothing else.

A login is told by its name, `opsmart_customer_<customer_key>`. It belongs to `opsmart_tenant`, to
which every mart with a `customer_key` shows the rows of the customers that `ops.customer_roles`
names for `current_user`; without a line there it sees none. No setting of a session decides
anything, since whoever connects could change it.
"""

from __future__ import annotations

import secrets

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from warehouse.errors import WarehouseError
from warehouse.roles import TENANT

PREFIX = "opsmart_customer_"


def login_of(customer_key: int) -> str:
    """Return the name of a customer's login."""
    if customer_key <= 0:
        raise WarehouseError(
            f"customer {customer_key}: give a customer_key of core.dim_customer, "
            "a positive number; -1 and -2 are nobody's"
        )
    return f"{PREFIX}{customer_key}"


def admit(connection: psycopg.Connection, customer_key: int) -> str | None:
    """Let a customer in; returns the password of a login that did not exist before, else None.

    A login that somebody else made is brought into `opsmart_tenant`. The server gets the password's
    SCRAM verifier, so that no log can hold it.
    """
    name = login_of(customer_key)
    login = Identifier(name)
    password = None
    with connection.transaction():
        try:
            if not connection.execute("select from pg_roles where rolname = %s", (name,)).rowcount:
                password = secrets.token_urlsafe(24)
                verifier = connection.pgconn.encrypt_password(
                    password.encode(), name.encode(), b"scram-sha-256"
                )
                connection.execute(
                    SQL("create role {} login password {}").format(
                        login, Literal(verifier.decode())
                    )
                )
            if not connection.execute(
                "select where pg_has_role(%s, %s, 'usage')", (name, TENANT)
            ).rowcount:
                connection.execute(SQL("grant {} to {}").format(Identifier(TENANT), login))
        except psycopg.errors.InsufficientPrivilege as error:
            raise WarehouseError(
                f"{connection.info.user} may not make logins: grant it CREATEROLE, or let an "
                f"administrator `create role {name} login password …; grant {TENANT} to {name}`"
            ) from error
        connection.execute(
            "insert into ops.customer_roles (role_name, customer_key) values (%s, %s) "
            "on conflict do nothing",
            (name, customer_key),
        )
    return password


def dismiss(connection: psycopg.Connection, customer_key: int) -> bool:
    """Take a customer's view of this data set away; returns whether it had one.

    Its login stays, since other data sets of the server may show it their rows, but it can no
    longer see a row here.
    """
    removed = connection.execute(
        "delete from ops.customer_roles where role_name = %s and customer_key = %s",
        (login_of(customer_key), customer_key),
    )
    connection.commit()
    return removed.rowcount > 0


def admitted(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """Return every login that sees rows of this data set, with the customer_key it sees."""
    return connection.execute(
        "select role_name::text, customer_key from ops.customer_roles order by 1, 2"
    ).fetchall()
