"""Faults of the PostgreSQL server under Odoo, put on and lifted by its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import psycopg
from psycopg import sql

from sandbox.faults import Fault

DRIFTING_TABLE = "helpdesk_ticket"


class OdooFaults:
    """Faults of one database and of the role its readers use."""

    def __init__(self, owner_url: str, user: str) -> None:
        self._owner_url = owner_url
        self._user = sql.Identifier(user)
        self._name = user
        self._locker: psycopg.Connection | None = None

    def put(self, fault: Fault) -> None:
        """Put one on; those that only rows have are nothing of the server's.

        Raises:
            psycopg.Error: the server refused it.
        """
        actions: dict[Fault, Callable[[], None]] = {
            Fault.LOGINS_REFUSED: self._refuse_logins,
            Fault.SESSIONS_ENDED: self._end_sessions,
            Fault.LOCKED: self._lock,
            Fault.TYPE_CHANGED: lambda: self._alter("alter priority type integer using 7"),
            Fault.FIELD_ADDED: lambda: self._alter("add if not exists x_added text default 'new'"),
        }
        if fault in actions:
            actions[fault]()

    def lift(self) -> None:
        """Undo whatever was put on.

        Raises:
            psycopg.Error: the server refused it.
        """
        if self._locker is not None:
            self._locker.close()
            self._locker = None
        with psycopg.connect(self._owner_url) as owner:
            if owner.execute("select 1 from pg_roles where rolname = %s", [self._name]).fetchone():
                owner.execute(sql.SQL("alter role {} login").format(self._user))
        self._alter("alter priority type varchar, drop if exists x_added")

    def _refuse_logins(self) -> None:
        with psycopg.connect(self._owner_url) as owner:
            owner.execute(sql.SQL("alter role {} nologin").format(self._user))
        self._end_sessions()

    def _end_sessions(self) -> None:
        with psycopg.connect(self._owner_url) as owner:
            owner.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s",
                [self._name],
            )

    def _lock(self) -> None:
        """Keep everybody from the tickets, as a migration at work does."""
        if self._locker is not None:
            return
        self._locker = psycopg.connect(self._owner_url)
        self._locker.execute(
            sql.SQL("lock table {} in access exclusive mode").format(
                sql.Identifier("public", DRIFTING_TABLE)
            )
        )

    def _alter(self, change: LiteralString) -> None:
        with psycopg.connect(self._owner_url) as owner:
            table = sql.Identifier("public", DRIFTING_TABLE)
            owner.execute(sql.SQL("alter table {} {}").format(table, sql.SQL(change)))
