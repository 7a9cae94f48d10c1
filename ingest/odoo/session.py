"""One read-only login at Odoo's database, and the snapshot a load reads from."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from ingest.contract import Row
from ingest.errors import SourceError
from ingest.source import required

PAGE_SIZE = 10_000
CONNECT_SECONDS = 10
LOCK_MILLISECONDS = 30_000
ATTEMPTS = 3
PAUSE_SECONDS = 2.0
APPLICATION = "opsmart"
_PASSING = {"40001", "40P01", "57P01", "57P02", "57P03", "25P03"}
"""Conflict with recovery or another session, deadlock, shutdown, start, idle too long."""

Query = tuple[sql.Composed, Mapping[str, Any]]


class Session:
    """A connection made when first used; its reads share one REPEATABLE READ snapshot."""

    source = "odoo"

    def __init__(self, settings: Mapping[str, str]) -> None:
        meaning = "postgresql://host:port/database"
        self.url = _without_login(required(settings, self.source, "OPSMART_ODOO_URL", meaning))
        meaning = "the name of a read-only role"
        self.user = required(settings, self.source, "OPSMART_ODOO_USER", meaning)
        meaning = "the password of OPSMART_ODOO_USER"
        self._password = required(settings, self.source, "OPSMART_ODOO_PASSWORD", meaning)
        self._connection: psycopg.Connection[DictRow] | None = None
        # a count may be asked while rows of another query are still coming
        self._cursors = itertools.count()

    @property
    def connection(self) -> psycopg.Connection[DictRow]:
        """The open connection.

        Raises:
            SourceError: the server cannot be reached or refuses the login.
        """
        try:
            return self._open()
        except psycopg.Error as error:
            raise self._refused(error) from error

    def _open(self) -> psycopg.Connection[DictRow]:
        if self._connection is None or self._connection.closed:
            connection = psycopg.connect(
                self.url,
                user=self.user,
                password=self._password,
                connect_timeout=CONNECT_SECONDS,
                application_name=APPLICATION,
                row_factory=dict_row,
            )
            connection.autocommit = True
            # else a load would wait for as long as a migration of Odoo keeps a table locked
            connection.execute(
                "select set_config('lock_timeout', %s, false)", [f"{LOCK_MILLISECONDS}ms"]
            )
            connection.autocommit = False
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            self._connection = connection
        return self._connection

    def end_snapshot(self) -> None:
        """The next query sees what is committed by then."""
        if self._connection is not None and not self._connection.closed:
            try:
                self._connection.rollback()
            except psycopg.OperationalError:
                # the server ended the session, and with it the snapshot
                self._connection.close()

    def row(self, query: sql.Composed) -> Row:
        """The only row of a query without parameters."""
        for page in self.pages(lambda: (query, {})):
            return page[0]
        raise SourceError(self.source, "a query for one row brought none")

    def pages(self, ask: Callable[[], Query]) -> Iterator[list[Row]]:
        """The rows of a query through a cursor on the server.

        A server that restarts, or cancels for another's sake, is asked again from the first row:
        what came before comes twice.

        Raises:
            SourceError: the query fails for good.
            psycopg.errors.UndefinedColumn, UndefinedTable: the schema is no longer the one asked.
        """
        for attempt in range(1, ATTEMPTS + 1):
            try:
                connection = self._open()
                query, values = ask()
                with connection.cursor(name=f"{APPLICATION}_{next(self._cursors)}") as cursor:
                    cursor.execute(query, values)
                    while rows := cursor.fetchmany(PAGE_SIZE):
                        yield rows
                return
            except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
                self.end_snapshot()
                raise
            except psycopg.Error as error:
                if attempt == ATTEMPTS or not self._passes(error):
                    was_open = self._connection is not None
                    problem = self.unreadable if was_open else self._refused
                    raise problem(error) from error
                self.close()
                time.sleep(PAUSE_SECONDS * attempt)

    def _passes(self, error: psycopg.Error) -> bool:
        """Whether asking again can help: a connection that was open is, once the server is back."""
        # without a state it was the client that found the connection gone
        is_cut = isinstance(error, psycopg.OperationalError) and error.sqlstate is None
        return error.sqlstate in _PASSING or (is_cut and self._connection is not None)

    def _refused(self, error: psycopg.Error) -> SourceError:
        reason = str(error).strip().splitlines()[-1]
        return SourceError(
            self.source,
            f"no connection ({reason}): check OPSMART_ODOO_URL, OPSMART_ODOO_USER and "
            "OPSMART_ODOO_PASSWORD",
        )

    def unreadable(self, error: psycopg.Error) -> SourceError:
        reason = str(error).strip().splitlines()[0]
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return SourceError(
                self.source,
                f"a table is locked ({reason}): load again once the upgrade or migration at "
                "OPSMART_ODOO_URL is over",
            )
        return SourceError(
            self.source,
            f"cannot read ({reason}): OPSMART_ODOO_URL must name an Odoo 16 to 18, and the role of "
            "OPSMART_ODOO_USER needs SELECT on its tables",
        )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _without_login(url: str) -> str:
    """The URL, unless it holds what has settings of its own.

    Raises:
        SourceError: it does, or it is none; it is never repeated, since it may hold a secret.
    """
    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        problem = "is no URL: give postgresql://host:port/database, without a login"
        raise SourceError(Session.source, f"OPSMART_ODOO_URL {problem}") from None
    if parts.keys() & {"user", "password"}:
        raise SourceError(
            Session.source,
            "OPSMART_ODOO_URL holds a login: move it to OPSMART_ODOO_USER and "
            "OPSMART_ODOO_PASSWORD",
        )
    return url
