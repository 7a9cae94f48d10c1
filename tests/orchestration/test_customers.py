"""Every mart by every customer: each login sees its own rows, whatever it tries."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
    for key, session in logins.items():
        others = [customers.login_of(other) for other in logins if other != key]
        for role in (*others, "opsmart_reader", "opsmart_transformer", "postgres"):
            with pytest.raises(psycopg.Error, match=r"permission denied to set|does not exist"):
                session.execute(SQL("set role {}").format(Identifier(role)))
        for other in others:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(SQL("set session authorization {}").format(Identifier(other)))
            session.execute(
                "select set_config(name, %s, false) from unnest(%s::text[]) as name",
                (other, ["application_name", "opsmart.role_name", "opsmart.customer_key"]),
            )
        # the policy's own table cannot be put before the one that only the owner writes
        session.execute("set search_path = marts, pg_temp, ops")
        for statement in ("reset role", "set role none", "reset session authorization"):
            session.execute(statement.encode())
            assert seen(session, marts) == own(key, marts)
        # as the group itself nobody is mapped to anything
        session.execute("set role opsmart_tenant")
        assert not any(seen(session, marts).values())
        session.execute("reset role")
        session.execute("set row_security = off")
        for name in marts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
                session.execute(SQL("select from marts.{}").format(Identifier(name)))
        session.execute("set row_security = on")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("create temporary table mine (id bigint)")
        session.execute("reset all")
        assert seen(session, marts) == own(key, marts)


def readable(connection: psycopg.Connection, role: str) -> set[tuple[str, str]]:
    """Every relation of which a role may read any column, or which it may write."""
    return set(
        connection.execute(
            """
            select nspname, relname
            from pg_class
            join pg_namespace on pg_namespace.oid = relnamespace
            where
                relkind in ('r', 'p', 'v', 'm', 'f')
                and nspname !~ '^pg_|^information_schema$'
                and has_schema_privilege(%(role)s, pg_namespace.oid, 'usage')
                and (
                    has_any_column_privilege(%(role)s, pg_class.oid, 'select, insert, update')
                    or has_table_privilege(%(role)s, pg_class.oid, 'delete, truncate')
                )
            """,
            {"role": role},
        ).fetchall()
    )


def test_the_reader_reads_every_mart_and_nothing_else(home: Home, first: str) -> None:
    with home.connect() as connection:
        relations = connection.execute(
            "select 'marts', relname from pg_class "
            "where relnamespace = 'marts'::regnamespace and relkind in ('r', 'p', 'v', 'm')"
        ).fetchall()
        assert readable(connection, "opsmart_reader") == set(relations)
    with home.connect("--role", "opsmart_reader") as reader:
        for names in relations:
            reader.execute(SQL("select * from {} limit 1").format(Identifier(*names)))
            for change in ("delete from {}", "drop table {}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(SQL(change).format(Identifier(*names)))


def test_customers_read_the_marts_with_customers_and_nothing_else(
    home: Home, marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    with home.connect() as connection:
        for key in logins:
            found = readable(connection, customers.login_of(key))
            assert found == {("marts", name) for name in marts}


def test_a_login_without_a_mapping_sees_nothing(
    home: Home, marts: dict[str, Counts], logins: dict[int, psycopg.Connection]
) -> None:
    """Neither a role that is none of the group, nor one of the group that no line names."""
    address, database = Address.parse(home.url())
    nobody = replace(address, user="nobody_in_particular", password="secret")
    with home.connect() as connection:
        connection.execute("create role nobody_in_particular login password 'secret'")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                nobody.connect(database)
            connection.execute("grant opsmart_tenant to nobody_in_particular")
            with nobody.connect(database) as session:
                assert seen(session, marts) == {name: {} for name in marts}
        finally:
            connection.execute("drop role nobody_in_particular")


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
    """Every customer and the reader ask again and again while every mart is built anew."""
    reader = home.connect("--role", "opsmart_reader")
    expected = [(session, own(key, marts)) for key, session in logins.items()]
    expected.append((reader, marts))
    done = threading.Event()

    def look() -> int:
        looks = 0
        while not done.is_set():
            for asker, rows in expected:
                found = seen(asker, marts)
                assert found == rows, {name for name in marts if found[name] != rows[name]}
            looks += 1
        return looks

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            home.dbt("run", "--full-refresh", "--select", "marts", as_of=FIRST)
        finally:
            done.set()
    assert looking.result() > 2
    reader.close()
