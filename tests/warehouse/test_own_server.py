"""A PostgreSQL server of one's own: what works on it, and what a person reads if it does not."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Iterator
from urllib.parse import quote

import psycopg
import pytest

from tests.warehouse.servers import (
    DEBIAN_15,
    Installation,
    PlainServer,
    free_port,
    wheel_programs,
)
from warehouse import Warehouse, WarehouseError

PASSWORD = "s3cret-pa55"


@pytest.fixture(scope="module", params=["18", "16", "15"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PlainServer]:
    """A server of each version that is at hand, with a copy of its programs."""
    if request.param == "15" and not DEBIAN_15.exists():
        pytest.skip("Debian's PostgreSQL 15 is not installed")
    unused = Installation(tmp_path_factory.mktemp("plain") / "home")
    unused.layout.prepare()  # makes the system user and a folder it may enter
    folder = unused.layout.base
    if request.param == "15":
        programs = DEBIAN_15
    else:
        wheel = {"18": "pginstall18", "16": "pginstall"}[request.param]
        programs = wheel_programs(wheel, folder)
    started = PlainServer.start(folder, programs)
    yield started
    started.stop()
    unused.must("clean")


def use(server: PlainServer, installation: Installation, login: str, rights: str) -> None:
    """Point an installation at a fresh login of the server."""
    server.execute(f"create role {login} login password 'secret' {rights}")
    installation.environment["OPSMART_WAREHOUSE_URL"] = server.url(login, f"db_of_{login}")


def drop_everything(server: PlainServer, login: str) -> None:
    for suffix in ("", "_mlflow", "_dagster"):
        server.execute(f"drop database if exists db_of_{login}{suffix}")
    for role in ("loader", "transformer", "ml", "reader"):
        server.execute(f"drop role if exists opsmart_{role}")
    server.execute(f"drop role {login}")


def roles_work(installation: Installation) -> None:
    """Let each role do what it is for."""

    def as_role(role: str, statement: str) -> psycopg.Cursor:
        options = quote(f"-crole=opsmart_{role}")
        url = installation.environment["OPSMART_WAREHOUSE_URL"]
        with psycopg.connect(f"{url}?options={options}") as connection:
            return connection.execute(statement.encode())

    as_role("loader", "create table raw_odoo.loaded (a int)")
    as_role("transformer", "create table marts.built as select * from raw_odoo.loaded")
    as_role("reader", "select a from marts.built")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role("reader", "select * from raw_odoo.loaded")


def test_a_login_that_may_create_databases_and_roles_suffices(
    server: PlainServer, installation: Installation
) -> None:
    use(server, installation, "creator", "createdb createrole")
    try:
        first = installation.must("up")
        assert re.fullmatch(
            rf"PostgreSQL 1[568]\.\d+ on 127\.0\.0\.1:{server.port}, database db_of_creator\n",
            first,
        )
        assert installation.must("up") == first
        roles_work(installation)
        assert not (installation.home / "data").exists(), "no embedded server was needed"
    finally:
        drop_everything(server, "creator")


def test_a_plain_login_is_told_what_lacks_and_works_after_the_printed_sql(
    server: PlainServer, installation: Installation
) -> None:
    use(server, installation, "plain", "")
    try:
        line = installation.fails("up")
        assert line == (
            "OPSMART_WAREHOUSE_URL: the user plain lacks CREATEDB and CREATEROLE; grant it, or "
            "let an administrator run the SQL that `python -m warehouse roles` prints"
        )
        for _ in range(2):  # it may be run again
            options = ["--no-psqlrc", "--set", "ON_ERROR_STOP=1", server.url()]
            server.run("psql", *options, text=installation.must("roles"))
        installation.must("up")
        installation.must("up")
        roles_work(installation)
    finally:
        drop_everything(server, "plain")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://u:{}@h/opsmart", "it does not begin with postgresql://"),
        ("postgresql://u:{}@h/", "it does not name a database"),
        ("postgresql://u:{}@h:port/opsmart", "it does not name a user, a host and a port"),
        ("postgresql://u:{}%zz@h/opsmart", "it cannot be read as a URL"),
        ("postgresql://u:x@{}@h/opsmart", "it does not name a user, a host and a port"),
        ("postgresql://u:x/{}@h/opsmart", "it does not name a user, a host and a port"),
        ("postgresql://u:1/{}@h/opsmart", "it does not name a user, a host and a port"),
        ("{}", "it does not begin with postgresql://"),
    ],
)
def test_a_malformed_url(isolated: pytest.MonkeyPatch, url: str, reason: str) -> None:
    isolated.setenv("OPSMART_WAREHOUSE_URL", url.format(PASSWORD))
    with pytest.raises(WarehouseError) as caught:
        Warehouse.current("").start()
    line = str(caught.value)
    assert line.startswith(f"OPSMART_WAREHOUSE_URL: {reason}; write postgresql://")
    assert "\n" not in line
    assert PASSWORD not in line


def test_a_server_that_cannot_be_entered(
    running: Installation, isolated: pytest.MonkeyPatch
) -> None:
    right = running.must("url").strip()
    host_and_port = right.rpartition("@")[2].partition("/")[0]
    wrong = {
        f"postgresql://opsmart:{PASSWORD}@{host_and_port}/opsmart": "password authentication",
        f"postgresql://opsmart:{PASSWORD}@127.0.0.1:{free_port()}/opsmart": "Connection refused",
        f"postgresql://opsmart:{PASSWORD}@nowhere.invalid/opsmart": "nowhere.invalid",
    }
    for url, reason in wrong.items():
        isolated.setenv("OPSMART_WAREHOUSE_URL", url)
        warehouse = Warehouse.current("")
        for action in (warehouse.start, warehouse.setup, warehouse.connect):
            with pytest.raises(WarehouseError) as caught:
                action()
            line = str(caught.value)
            assert line.startswith("OPSMART_WAREHOUSE_URL: cannot connect as opsmart@")
            assert reason in line
            assert "\n" not in line
            assert PASSWORD not in line


def test_a_server_that_is_too_old(isolated: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_as_postgresql_14, args=(listener,), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        url = f"postgresql://u:{PASSWORD}@127.0.0.1:{port}/opsmart?sslmode=disable"
        isolated.setenv("OPSMART_WAREHOUSE_URL", url)
        with pytest.raises(WarehouseError) as caught:
            Warehouse.current("").start()
        assert str(caught.value) == (
            f"OPSMART_WAREHOUSE_URL: u@127.0.0.1:{port} runs PostgreSQL 14.20; use 15 or newer"
        )


def _answer_as_postgresql_14(listener: socket.socket) -> None:
    """Let everybody in, as the wire protocol has it, in the name of an old version."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!i", len(body) + 4) + body

    greeting = message(b"R", struct.pack("!i", 0))
    greeting += message(b"S", b"server_version\x0014.20\x00")
    greeting += message(b"S", b"client_encoding\x00UTF8\x00")
    greeting += message(b"Z", b"I")
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(greeting)
            connection.recv(4096)


def test_the_sandbox_keeps_its_database_on_the_embedded_server(
    running: Installation, installation: Installation, isolated: pytest.MonkeyPatch
) -> None:
    isolated.setenv("OPSMART_HOME", str(installation.home))
    for name, value in installation.environment.items():
        isolated.setenv(name, value)
    isolated.setenv("OPSMART_WAREHOUSE_URL", running.must("url").strip())
    warehouse = Warehouse.current("")
    warehouse.ensure_database("odoo_tiny")
    warehouse.ensure_database("odoo_tiny")
    with psycopg.connect(warehouse.embedded_url("odoo_tiny")) as connection:
        assert connection.info.port != warehouse.address.port
        assert connection.info.dbname == "odoo_tiny"
