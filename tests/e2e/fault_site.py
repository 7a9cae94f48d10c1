"""One warehouse and one sandbox on which sources are loaded again and again, broken and mended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import psycopg
import pytest
import requests
from psycopg import sql

from ingest.contract import Resource
from ingest.errors import SourceError
from ingest.pipeline import load
from ingest.report import LoadReport
from ingest.sources import SOURCES, open_source
from sandbox.app import create_app
from sandbox.generated.estate import GeneratedEstate
from sandbox.odoo.database import fill_odoo
from sandbox.wazuh.access import WazuhBehaviour
from tests.sandbox.serving import CREDENTIALS, served
from tests.worlds import settings_at
from warehouse import Warehouse

# What each load writes down, and what is remembered of a source beyond its loads.
BOOKS = (
    *("ops.loads", "ops.reconciliation", "ops.source_circuits"),
    "quarantine.rejected_rows",
)
FIELDS = "ops.source_fields"
SECRETS = tuple(value for name, value in asdict(CREDENTIALS).items() if not name.endswith("_user"))
REMEDY = re.compile("OPSMART_|load again|check the rights|python -m ingest check")
# Of a table: each key with the hash of its newest version and whether it is deleted, and how many
# versions there are.
State = dict[str, tuple[list[tuple[Any, ...]], int]]


@dataclass
class Site:
    """The sandbox's base URL, the settings that lead to it, and the warehouse."""

    base: str
    settings: dict[str, str]
    warehouse: Warehouse

    def load(
        self,
        source: str,
        as_of: datetime,
        on_resource: Callable[[LoadReport], None] | None = None,
    ) -> list[LoadReport]:
        opened = open_source(source, self.settings)
        try:
            return load(opened, self.warehouse, as_of, on_resource)
        finally:
            opened.close()

    def refused(self, source: str, as_of: datetime) -> str:
        """The one line a failing load ends with."""
        with pytest.raises(SourceError) as caught:
            self.load(source, as_of)
        line = str(caught.value)
        assert line.startswith(f"{source}: ")
        assert "\n" not in line
        assert REMEDY.search(line), line
        assert self._last_error(source) == line
        return line

    def set_clock(self, moment: datetime) -> None:
        self._control("POST", "clock", {"as_of": moment.isoformat()})

    def switch_on(self, source: str, fault: str, **more: int) -> None:
        self._control("POST", "faults", {"source": source, "fault": fault, **more})

    def lift(self) -> None:
        self._control("DELETE", "faults", {})

    def faults(self) -> list[dict[str, Any]]:
        """What is switched on, with how often it is yet to come."""
        found: list[dict[str, Any]] = self._control("GET", "", {})["faults"]
        return found

    def _control(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = requests.request(method, f"{self.base}/control/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        state: dict[str, Any] = answer.json()
        return state

    def state(self, source: str) -> State:
        """What raw holds of a source."""
        with self.warehouse.connect() as connection:
            return {
                resource.name: (
                    _newest(connection, source, resource),
                    _count(connection, source, resource),
                )
                for resource in SOURCES[source].resources
            }

    def keep(self, source: str) -> None:
        """Remember what raw holds of a source, to begin there again."""
        with self.warehouse.connect() as connection:
            connection.execute(f"drop schema if exists kept_{source} cascade")
            connection.execute(f"create schema kept_{source}")
            for table in _tables(connection, f"raw_{source}"):
                kept, raw = (sql.Identifier(f"{name}_{source}", table) for name in ("kept", "raw"))
                connection.execute(sql.SQL("create table {} as table {}").format(kept, raw))

    def begin_again(self, source: str) -> None:
        """Have raw hold of a source what was kept, and the books nothing."""
        with self.warehouse.connect() as connection:
            for table in _tables(connection, f"kept_{source}"):
                kept, raw = (sql.Identifier(f"{name}_{source}", table) for name in ("kept", "raw"))
                connection.execute(sql.SQL("truncate {}").format(raw))
                connection.execute(sql.SQL("insert into {} table {}").format(raw, kept))
            for book in BOOKS:
                connection.execute(f"delete from {book} where source = %s", [source])

    def _last_error(self, source: str) -> str | None:
        """What the circuit remembers of a source's last failure."""
        query = "select last_error from ops.source_circuits where source = %s"
        with self.warehouse.connect() as connection:
            row = connection.execute(query, [source]).fetchone()
        return str(row[0]) if row else None

    def schema_changes(self, source: str) -> set[tuple[str, str | None, str]]:
        """Field, old type and new type of all that changed since the first load."""
        query = "select field, old_type, new_type from ops.schema_changes where source = %s"
        with self.warehouse.connect() as connection:
            return set(connection.execute(query, [source]).fetchall())

    def written_about(self) -> str:
        """All that stands in the books and in quarantine, as text."""
        with self.warehouse.connect() as connection:
            rows = [
                row
                for book in (*BOOKS, FIELDS)
                for (row,) in connection.execute(f"select t::text from {book} as t")
            ]
        return "\n".join(rows)


@contextmanager
def opened_site(
    warehouse: Warehouse, estate: GeneratedEstate, odoo_settings: dict[str, str], odoo_url: str
) -> Iterator[Site]:
    """A site whose warehouse is as empty after it as before."""
    fill_odoo(odoo_url, estate, CREDENTIALS)
    # a test makes more requests in a minute than a manager answers
    generous = WazuhBehaviour(requests_per_minute=10**6)
    with served(create_app(estate, CREDENTIALS, odoo_url, generous)) as base:
        yield Site(base, settings_at(base) | odoo_settings, warehouse)
    with warehouse.connect() as connection:
        for prefix in ("raw", "kept"):
            for source in SOURCES:
                connection.execute(f"drop schema if exists {prefix}_{source} cascade")
        for book in (*BOOKS, FIELDS):
            connection.execute(f"truncate {book}")
    warehouse.setup()


def assert_no_secret(site: Site, *lines: str) -> None:
    written = site.written_about()
    for secret in SECRETS:
        assert not any(secret in text for text in (written, *lines))


def assert_same(found: State, expected: State, *, is_every_version: bool = True) -> None:
    """Compare two states of raw; `is_every_version` compares the number of versions as well."""
    for name, (rows, versions) in expected.items():
        present, count = found[name]
        missing, extra = set(rows) - set(present), set(present) - set(rows)
        assert not missing and not extra, (name, len(rows), sorted(missing)[:3], sorted(extra)[:3])
        assert not is_every_version or count == versions, name


def _tables(connection: psycopg.Connection, schema: str) -> list[str]:
    query = "select tablename from pg_tables where schemaname = %s"
    return [name for (name,) in connection.execute(query, [schema])]


def _newest(
    connection: psycopg.Connection, source: str, resource: Resource
) -> list[tuple[Any, ...]]:
    query = sql.SQL(
        "select distinct on ({keys}) {keys}, _row_hash, _deleted_at is not null from {table} "
        "order by {keys}, _known_at desc, _load_id desc"
    ).format(
        keys=sql.SQL(", ").join(map(sql.Identifier, resource.key)),
        table=sql.Identifier(f"raw_{source}", resource.name),
    )
    return connection.execute(query).fetchall()


def _count(connection: psycopg.Connection, source: str, resource: Resource) -> int:
    query = sql.SQL("select count(*) from {}").format(
        sql.Identifier(f"raw_{source}", resource.name)
    )
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
