"""A PostgreSQL server of one's own, named by OPSMART_WAREHOUSE_URL."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from warehouse.address import MAINTENANCE_DATABASE, Address
from warehouse.errors import WarehouseError, one_line
from warehouse.settings import read_settings

URL_SETTING = "OPSMART_WAREHOUSE_URL"
OLDEST_VERSION = 15


@dataclass(frozen=True)
class OwnServer:
    """The server and, in the path of its URL, the name that its databases begin with."""

    location: Address
    base_database: str

    @classmethod
    def from_settings(cls) -> OwnServer | None:
        """Return the server that the settings name, if they name one."""
        url = read_settings().get(URL_SETTING)
        if not url:
            return None
        try:
            return cls(*Address.parse(url))
        except ValueError as error:
            raise WarehouseError(
                f"{URL_SETTING}: {error}; write postgresql://user:password@host:5432/opsmart "
                "and percent-encode special characters of the password"
            ) from None

    def address(self) -> Address:
        return self.location

    def is_running(self) -> bool:
        """Return True: whether a connection can be made is for `connect` to find out."""
        return True

    def start(self) -> None:
        """Check that the server can be reached and is not too old."""
        self.maintenance().close()

    def connect(self, database: str, options: str = "") -> psycopg.Connection:
        """Connect to a database, not in autocommit; `WarehouseError` says what to correct."""
        try:
            connection = self.location.connect(database, options)
        except psycopg.OperationalError as error:
            raise WarehouseError(
                f"{URL_SETTING}: cannot connect as {self.location} to the database {database}: "
                f"{one_line(error)}; correct the URL, or run `make up` if only the database lacks"
            ) from error
        if connection.info.server_version < OLDEST_VERSION * 10000:
            found = connection.info.parameter_status("server_version")
            connection.close()
            raise WarehouseError(
                f"{URL_SETTING}: {self.location} runs PostgreSQL {found}; "
                f"use {OLDEST_VERSION} or newer"
            )
        return connection

    def maintenance(self) -> psycopg.Connection:
        """Connect, in autocommit, to a database that is there before ours are."""
        try:
            connection = self.connect(MAINTENANCE_DATABASE)
        except WarehouseError:
            connection = self.connect(self.base_database)
        connection.autocommit = True
        return connection
