"""Serve an estate over real HTTP, and break one on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from datetime import datetime
from pathlib import Path

from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.credentials import Credentials
from sandbox.estate import Estate, Millis, RawSeries, Row, Series, stamps_of
from sandbox.server import server_of

CREDENTIALS = Credentials(
    netbox_token="0123456789abcdef0123456789abcdef01234567",
    wazuh_user="wazuh-reader",
    wazuh_password="wazuh secret",
    wazuh_indexer_user="indexer-reader",
    wazuh_indexer_password="indexer secret",
    thehive_api_key="thehive-key",
    odoo_user="odoo_reader",
    odoo_password="odoo secret",
)


@contextmanager
def served(app: ASGIApp, certificate: Path | None = None, key: Path | None = None) -> Iterator[str]:
    """The base URL of `app`, served by a thread on a free port; with a certificate over HTTPS."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(app, certificate, key)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        scheme = "https" if certificate else "http"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def served_estate(estate: Estate) -> AbstractContextManager[str]:
    """The base URL of every source of `estate`, with `CREDENTIALS`."""
    return served(create_app(estate, CREDENTIALS))


class Tampered:
    """Another estate with some of its rows broken.

    `edits` maps a resource (``dcim/devices``, ``wazuh/agents``, ``wazuh_alerts``,
    ``thehive/Case`` or an Odoo table) to a function that changes a copy of each row in place.
    """

    def __init__(self, estate: Estate, edits: dict[str, Callable[[Row], None]]) -> None:
        self.estate = estate
        self.edits = edits
        self.clock: datetime = estate.clock

    def _edited(self, resource: str, rows: list[Row]) -> list[Row]:
        edit = self.edits.get(resource)
        if edit is None:
            return rows
        edited = deepcopy(rows)
        for row in edited:
            edit(row)
        return edited

    def netbox(self, endpoint: str) -> list[Row] | None:
        rows = self.estate.netbox(endpoint)
        return rows and self._edited(endpoint, rows)

    def wazuh(self, collection: str) -> list[Row] | None:
        rows = self.estate.wazuh(collection)
        return rows and self._edited(f"wazuh/{collection}", rows)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return self._edited("wazuh_alerts", self.estate.wazuh_alerts(start, end))

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return self._edited("wazuh_archives", self.estate.wazuh_archives(start, end))

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        read = self.wazuh_alerts if kind == "alerts" else self.wazuh_archives
        return stamps_of(read(start, end))

    def thehive(self, kind: str) -> list[Row]:
        return self._edited(f"thehive/{kind}", self.estate.thehive(kind))

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self.estate.host_metric(column, start, end)

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self.estate.interface_metric(column, start, end)

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self.estate.service_metric(column, start, end)

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        return self.estate.samples(metric, start, end)

    def targets(self) -> list[Row]:
        return self.estate.targets()

    def odoo_tables(self) -> Iterable[tuple[str, Iterable[Row]]]:
        tables = self.estate.odoo_tables()
        return ((table, self._edited(table, list(rows))) for table, rows in tables)

    def truth(self) -> list[Row]:
        return self.estate.truth()
