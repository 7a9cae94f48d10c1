"""Every mart by every customer: each login sees its own rows, whatever it tries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.e2e.demos import Home
from tests.orchestration.conftest import FIRST
from warehouse import customers
from warehouse.address import Address

Counts = dict[int, int]


@pytest.fixture(scope="module")
def marts(home: Home, first: str) -> dict[str, Counts]:
    """The rows of every customer in every mart that has customers."""
    with home.connect() as connection:
        names = connection.execute(
            "select relname from pg_class join pg_attribute on attrelid = pg_class.oid "
            "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'p') "
            "and not relispartition and attname = 'customer_key' order by relname"
        ).fetchall()
        return {
            name: dict(
                connection.execute(
                    SQL("select customer_key, count(*) from marts.{} group by 1").format(
                        Identifier(name)
                    )
                ).fetchall()
            )
            for (name,) in names
        }


@pytest.fixture(scope="module")
def logins(home: Home, marts: object) -> Iterator[dict[int, psycopg.Connection]]:
    """A session of every customer."""
    sessions = {}
    with home.connect() as connection:
        keys = connection.execute(
            "select distinct customer_key from core.dim_customer where customer_key > 0 order by 1"
        ).fetchall()
        for (key,) in keys:
            password = customers.admit(connection, key)
            assert password
            assert customers.admit(connection, key) is None
            address, database = Address.parse(home.url())
            login = replace(address, user=customers.login_of(key), password=password)
            sessions[key] = login.connect(database)
            sessions[key].autocommit = True
    yield sessions
    for session in sessions.values():
        session.close()


def seen(session: psycopg.Connection, marts: dict[str, Counts]) -> dict[str, Counts]:
    """The rows of each mart that a session sees, by customer."""
    return {
        name: dict(
            session.execute(
                SQL("select customer_key, count(*) from marts.{} group by 1").format(
                    Identifier(name)
                )
            ).fetchall()
        )
        for name in marts
    }


def own(key: int, marts: dict[str, Counts]) -> dict[str, Counts]:
    return {name: {key: rows[key]} if key in rows else {} for name, rows in marts.items()}


def test_every_customer_sees_all_its_rows_and_no_other(
    marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    assert len(marts) >= 3 and len(logins) >= 3
    for key, session in logins.items():
        assert seen(session, marts) == own(key, marts)
    with_rows = {key for rows in marts.values() for key in rows if key > 0}
    assert with_rows <= set(logins)


def test_nothing_a_customer_can_say_shows_it_more(
    marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    (key, session), (other, _) = list(logins.items())[:2]
    for role in (customers.login_of(other), "opsmart_reader", "opsmart_transformer", "postgres"):
        with pytest.raises(psycopg.Error, match=r"permission denied to set|does not exist"):
            session.execute(SQL("set role {}").format(Identifier(role)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        session.execute(
            SQL("set session authorization {}").format(Identifier(customers.login_of(other)))
        )
    session.execute("reset role")
    assert seen(session, marts) == own(key, marts)
    # as the group itself nobody is mapped to anything
    session.execute("set role opsmart_tenant")
    assert not any(seen(session, marts).values())
    session.execute("reset role")
    session.execute("set row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        seen(session, marts)
    session.execute("set row_security = on")
    for statement in (
        "select * from ops.customer_roles",
        "select * from core.dim_customer",
        "select * from staging.stg_odoo__partners",
        "select * from raw_odoo.partners",
        "select * from predictions.anomaly_scores",
        "create temporary table mine (id bigint)",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(statement.encode())


def test_a_mart_without_customers_is_not_for_them(
    home: Home, logins: dict[int, psycopg.Connection], marts: dict[str, Counts]
) -> None:
    session = next(iter(logins.values()))
    with home.connect() as connection:
        others = connection.execute(
            "select relname from pg_class where relnamespace = 'marts'::regnamespace "
            "and relkind in ('r', 'p', 'v', 'm') and relname <> all(%s)",
            (list(marts),),
        ).fetchall()
    for (name,) in others:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute(SQL("select * from marts.{}").format(Identifier(name)))


def test_a_customer_that_was_let_go_sees_nothing(
    home: Home, marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    key, session = next(iter(logins.items()))
    with home.connect() as connection:
        assert customers.dismiss(connection, key)
        assert not customers.dismiss(connection, key)
        assert not any(seen(session, marts).values())
        customers.admit(connection, key)
    assert seen(session, marts) == own(key, marts)


def test_nobody_sees_a_mart_half_built_or_unguarded(
    home: Home, marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    """One customer and the reader ask again and again while every mart is built anew."""
    key, session = next(iter(logins.items()))
    reader = home.connect("--role", "opsmart_reader")
    expected = [(session, own(key, marts)), (reader, marts)]
    done, wrong, looks = threading.Event(), [], 0

    def look() -> None:
        nonlocal looks
        while not done.is_set():
            for asker, rows in expected:
                found = seen(asker, marts)
                looks += 1
                if found != rows:
                    wrong.append({name: found[name] for name in marts if found[name] != rows[name]})

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        home.dbt("run", "--full-refresh", "--select", "marts", as_of=FIRST)
    finally:
        done.set()
        watcher.join()
        reader.close()
    assert looks > 2
    assert not wrong
