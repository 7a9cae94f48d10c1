"""Serve an estate over real HTTP, and break one on purpose."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from datetime import datetime

import uvicorn
from starlette.types import ASGIApp

from sandbox.app import create_app
from sandbox.credentials import Credentials
from sandbox.estate import Estate, Row, Series

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
def served(app: ASGIApp) -> Iterator[str]:
    """The base URL of `app`, served by a thread on a free port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", date_header=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def served_estate(estate: Estate) -> AbstractContextManager[str]:
    """The base URL of every source of `estate`, with `CREDENTIALS`."""
    return served(create_app(estate, CREDENTIALS))


class Tampered:
    """Another estate with some of its rows broken.

    `edits` maps a resource (``dcim/devices``, ``wazuh_agents``, ``wazuh_alerts``,
    ``thehive_cases`` or an Odoo table) to a function that changes a copy of each row in place.
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

    def wazuh_agents(self) -> list[Row]:
        return self._edited("wazuh_agents", self.estate.wazuh_agents())

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return self._edited("wazuh_alerts", self.estate.wazuh_alerts(start, end))

    def thehive_cases(self) -> list[Row]:
        return self._edited("thehive_cases", self.estate.thehive_cases())

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return self.estate.host_metric(column, start, end)

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return ((table, self._edited(table, rows)) for table, rows in self.estate.odoo_tables())

    def truth(self) -> list[Row]:
        return self.estate.truth()
