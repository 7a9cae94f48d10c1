"""The embedded server as a person meets it: started, used, stopped, removed."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from tests.warehouse.servers import Installation, free_port
from warehouse import Warehouse, WarehouseError, embedded
from warehouse.layout import SYSTEM_FOLDER


def test_up_is_idempotent_and_never_prints_the_password(installation: Installation) -> None:
    first = installation.must("up")
    process = installation.postmaster
    second = installation.must("up")

    assert installation.postmaster == process
    assert first == second
    port = installation.environment["OPSMART_EMBEDDED_PORT"]
    assert re.fullmatch(
        rf"embedded PostgreSQL 18\.\d+ on 127\.0\.0\.1:{port}, database opsmart\n", first
    )
    env_file = installation.home / ".env"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    (password,) = re.findall(r"^OPSMART_EMBEDDED_PASSWORD=(\w{32,})$", env_file.read_text(), re.M)
    assert password in installation.must("url")
    assert password not in first + installation.must("status") + installation.layout.log.read_text()


def test_data_survives_down_and_up_and_not_clean(installation: Installation) -> None:
    installation.must("up")
    with installation.connect() as connection:
        connection.execute("create table ops.kept as select 42 as answer")

    installation.must("down")
    assert "not running" in installation.must("status")
    assert installation.fails("sql", "select 1").endswith("run `make up`")
    installation.must("up")
    assert installation.must("sql", "select answer from ops.kept") == "answer\n42\n"

    outside = installation.layout.base
    installation.must("clean")
    assert [entry.name for entry in installation.home.iterdir()] == [".env"]
    assert outside == installation.home or not outside.exists()
    installation.must("down")


def test_the_server_is_durable_private_and_tuned(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        found: dict[str, str] = dict(
            connection.execute("select name, setting from pg_settings").fetchall()
        )
        (encoding,) = connection.execute(
            "select pg_encoding_to_char(encoding) from pg_database where datname = 'opsmart'"
        ).fetchone() or ("",)
    assert encoding == "UTF8"
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "password_encryption": "scram-sha-256",
        "wal_level": "minimal",
        "jit": "off",
        "TimeZone": "UTC",
    }
    assert {name: found[name] for name in expected} == expected
    with warehouse.connect("opsmart_transformer") as connection:
        assert connection.execute("show synchronous_commit").fetchone() == ("off",)


def test_a_login_needs_the_password(warehouse: Warehouse) -> None:
    address = warehouse.address
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(f"postgresql://{address.user}:wrong@{address.host}:{address.port}/postgres")


def test_a_taken_port_is_replaced_and_the_new_one_kept(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        installation = Installation(folder / "home", {"OPSMART_EMBEDDED_PORT": str(taken)})
        try:
            status, out, err = installation.cli("up")
            assert status == 0
            found = re.fullmatch(rf"port {taken} is taken: the embedded server uses (\d+)\n", err)
            assert found
            assert f"127.0.0.1:{found[1]}," in out
            installation.must("down")
            installation.environment["OPSMART_EMBEDDED_PORT"] = ""
            assert f"127.0.0.1:{found[1]}," in installation.must("up")
        finally:
            installation.must("clean")


def test_a_port_taken_at_the_last_moment_is_replaced(
    victim: Installation, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim.must("down")
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        monkeypatch.setenv("OPSMART_EMBEDDED_PORT", str(taken))
        is_free = embedded._is_free
        monkeypatch.setattr(embedded, "_is_free", lambda port: port == taken or is_free(port))
        warehouse.start()
        assert warehouse.address.port > taken
        warehouse.connect().close()
    monkeypatch.setenv("OPSMART_EMBEDDED_PORT", "none")
    warehouse.embedded.stop()
    with pytest.raises(WarehouseError, match="OPSMART_EMBEDDED_PORT: 'none' is not a port"):
        warehouse.start()


def test_variables_meant_for_other_servers_do_no_harm(victim: Installation) -> None:
    victim.must("down")
    confused = replace(
        victim,
        environment=victim.environment
        | {
            "PGHOST": "elsewhere.invalid",
            "PGPORT": "1",
            "PGUSER": "nobody",
            "PGDATABASE": "nothing",
            "PGDATA": "/nowhere",
            "PGPASSWORD": "wrong",
        },
    )
    confused.must("up")
    assert confused.must("sql", "select 1 as one") == "one\n1\n"


def test_folders_that_exist_keep_their_modes(folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    modes = {folder: 0o711, home: 0o705}
    for path, mode in modes.items():
        path.chmod(mode)
    before = SYSTEM_FOLDER.stat().st_mode if SYSTEM_FOLDER.exists() else None
    installation = Installation(home)
    installation.must("up")
    installation.must("down")
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in modes} == modes
    assert before is None or SYSTEM_FOLDER.stat().st_mode == before
    installation.must("clean")


def test_a_lost_password_is_replaced(victim: Installation) -> None:
    env_file = victim.home / ".env"
    env_file.write_text("OPSMART_NETBOX_TOKEN=kept")

    status, _, err = victim.cli("up")

    assert status == 0
    assert err == "the embedded server gets the password that the settings hold now\n"
    assert "OPSMART_NETBOX_TOKEN=kept\n" in env_file.read_text()
    assert victim.must("sql", "select 1 as one") == "one\n1\n"


def test_data_of_another_version_is_refused(victim: Installation) -> None:
    victim.must("down")
    version = victim.layout.data / "PG_VERSION"
    version.write_text("17\n")
    assert "was made by PostgreSQL 17, this is 18" in victim.fails("up")
    version.write_text("18\n")


def test_the_server_runs_for_an_ordinary_user(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("every test of this folder runs as an ordinary user already")
    site_packages = Path(psycopg.__file__).parent.parent
    python = shutil.which("python3", path="/usr/bin")
    if not python:
        pytest.skip("no Python that an ordinary user can read")
    own = folder / "nobody's"
    own.mkdir()
    shutil.chown(own, "nobody")
    installation = Installation(
        own / "home",
        {"PYTHONPATH": str(site_packages), "PYTHONDONTWRITEBYTECODE": "1"},
        python=[python],
        user="nobody",
    )
    installation.must("up")
    try:
        assert installation.must("sql", "select 1 as one") == "one\n1\n"
        data = installation.home / "data"
        assert data.is_dir() and not data.is_symlink() and data.owner() == "nobody"
        assert Path(f"/proc/{installation.postmaster}").owner() == "nobody"
        as_root = Installation(installation.home, {"OPSMART_EMBEDDED_PORT": str(free_port())})
        assert "was made by user nobody; run as nobody" in as_root.fails("up")
    finally:
        installation.must("clean")
