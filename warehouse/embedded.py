"""The embedded PostgreSQL 18 of a home folder: its lock, its port, its password."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from warehouse.address import MAINTENANCE_DATABASE, Address
from warehouse.cluster import HOST, USER, Cluster
from warehouse.errors import WarehouseError, explained, one_line
from warehouse.layout import Layout
from warehouse.settings import read_settings, write_atomically, write_setting

log = logging.getLogger(__name__)

DEFAULT_PORT = 54318
PORTS_TRIED = 200
PORT_SETTING = "OPSMART_EMBEDDED_PORT"
PASSWORD_SETTING = "OPSMART_EMBEDDED_PASSWORD"  # noqa: S105


@dataclass(frozen=True)
class EmbeddedServer:
    """The server of one home folder. It outlives the process that starts it."""

    home: Path

    @property
    def cluster(self) -> Cluster:
        return Cluster(Layout.of(self.home))

    def address(self) -> Address:
        """Return where the server listens, running or not; it must have been started once."""
        password = read_settings().get(PASSWORD_SETTING)
        if not password or not self._port_file.exists():
            raise WarehouseError("the embedded server was never started here; run `make up`")
        return Address(HOST, int(self._port_file.read_text()), USER, password)

    @property
    def base_database(self) -> str:
        return USER

    def is_running(self) -> bool:
        return bool(self.cluster.postmasters())

    def connect(self, database: str, options: str = "") -> psycopg.Connection:
        """Connect to a database, not in autocommit; `WarehouseError` says what to do."""
        try:
            return self.address().connect(database, options)
        except psycopg.OperationalError as error:
            raise self._failure(database, error) from error

    def maintenance(self) -> psycopg.Connection:
        """Connect, in autocommit, to the database that is there before ours are."""
        connection = self.connect(MAINTENANCE_DATABASE)
        connection.autocommit = True
        return connection

    def start(self) -> None:
        """Bring the server up; does nothing to one that runs, heals one that was killed."""
        with self._locked() as cluster:
            cluster.layout.prepare()
            password = self._ensure_password()
            if not cluster.exists():
                cluster.create(password)
            cluster.check_version()
            if not cluster.runs():
                self._launch(cluster)
            if not self._accepts(password):
                log.warning("the embedded server gets the password that the settings hold now")
                cluster.shut_down()
                cluster.replace_password(password)
                self._launch(cluster)

    def stop(self) -> None:
        """Stop the server, breaking off what its sessions do; does nothing to a stopped one."""
        if self.home.exists():
            with self._locked() as cluster:
                cluster.shut_down()

    def remove(self) -> None:
        """Stop the server and delete its data and the whole home."""
        if self.home.exists() or self.cluster.layout.base.exists():
            with self._locked() as cluster:
                cluster.shut_down()
                cluster.layout.remove()

    @property
    def _port_file(self) -> Path:
        return self.home / "port"

    @contextmanager
    def _locked(self) -> Iterator[Cluster]:
        """Let one process at a time start, stop or remove the server; word what goes wrong."""
        with explained("the embedded server"):
            self.cluster.layout.refuse_foreign_data()
            while True:
                self.home.mkdir(parents=True, exist_ok=True)
                file = self.home / "server.lock"
                with file.open("w") as stream:
                    fcntl.flock(stream, fcntl.LOCK_EX)
                    # Whoever held the lock before may have removed the home with the file.
                    if file.exists() and os.path.samestat(file.stat(), os.fstat(stream.fileno())):
                        yield self.cluster
                        return

    def _ensure_password(self) -> str:
        password = read_settings().get(PASSWORD_SETTING)
        if not password:
            password = secrets.token_hex(24)
            write_setting(PASSWORD_SETTING, password)
        return password

    def _accepts(self, password: str) -> bool:
        address = self.address()
        try:
            address.connect(MAINTENANCE_DATABASE).close()
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                return False
            raise self._failure(MAINTENANCE_DATABASE, error) from error
        return True

    def _failure(self, database: str, error: psycopg.Error) -> WarehouseError:
        reason = one_line(error) if self.is_running() else "it is not running"
        return WarehouseError(
            f"the embedded server: no connection to the database {database}: {reason}; "
            "run `make up`"
        )

    def _launch(self, cluster: Cluster) -> None:
        """Start the server on the first free port from the wanted one on."""
        wanted = self._wanted_port()
        for port in range(wanted, min(wanted + PORTS_TRIED, 65536)):
            if not _is_free(port):
                continue
            # Noted first, so that a server that runs is always one that can be found.
            write_atomically(self._port_file, f"{port}\n")
            complaint = cluster.launch(port)
            if not complaint:
                if port != wanted:
                    log.warning("port %d is taken: the embedded server uses %d", wanted, port)
                return
            # Somebody may have taken the port between our look at it and the server's.
            if "Address already in use" not in complaint:
                raise WarehouseError(
                    f"the embedded server did not start: {complaint}; see {cluster.layout.log}"
                )
        raise WarehouseError(
            f"no port from {wanted} on is free for the embedded server; set {PORT_SETTING}"
        )

    def _wanted_port(self) -> int:
        """Return the port that the settings name, else the one used before, else the default."""
        chosen = read_settings().get(PORT_SETTING)
        if chosen and not (chosen.isdecimal() and 0 < int(chosen) < 65536):
            raise WarehouseError(f"{PORT_SETTING}: {chosen!r} is not a port; give 1 to 65535")
        used = self._port_file.read_text().strip() if self._port_file.exists() else ""
        return int(chosen or used or DEFAULT_PORT)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
