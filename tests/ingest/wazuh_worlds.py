"""A manager and its indexer over a world's rows, with the behaviour a test asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from ingest.checking import CheckedRow, Checker
from ingest.contract import Resource
from ingest.wazuh import Wazuh
from ingest.window import Window
from sandbox.estate import Estate, Row
from sandbox.wazuh.access import WazuhBehaviour
from sandbox.wazuh.api import wazuh_app
from sandbox.wazuh.indexed import IndexerBehaviour
from sandbox.wazuh.indexer import indexer_app
from sandbox.web import SourceClock
from tests.sandbox.serving import CREDENTIALS
from tests.sandbox.serving import served as served_app
from tests.worlds import NOON

ALL = Window(None, NOON, is_backfill=True)


@contextmanager
def opened(
    estate: Estate,
    api: WazuhBehaviour | None = None,
    indexer: IndexerBehaviour | None = None,
    **settings: str,
) -> Iterator[Wazuh]:
    """The connector, opened on an estate; settings without their common prefix."""
    app = Starlette(
        routes=[
            Mount("/api", wazuh_app(estate, CREDENTIALS, api)),
            Mount("/indexer", indexer_app(estate, CREDENTIALS, indexer)),
        ],
        middleware=[Middleware(SourceClock, estate=estate)],
    )
    with served_app(app) as base:
        source = Wazuh(
            {
                "OPSMART_WAZUH_URL": f"{base}/api",
                "OPSMART_WAZUH_USER": CREDENTIALS.wazuh_user,
                "OPSMART_WAZUH_PASSWORD": CREDENTIALS.wazuh_password,
                "OPSMART_WAZUH_INDEXER_URL": f"{base}/indexer",
                "OPSMART_WAZUH_INDEXER_USER": CREDENTIALS.wazuh_indexer_user,
                "OPSMART_WAZUH_INDEXER_PASSWORD": CREDENTIALS.wazuh_indexer_password,
            }
            | {f"OPSMART_WAZUH_{name}": value for name, value in settings.items()}
        )
        try:
            yield source
        finally:
            source.close()


def rows(source: Wazuh, resource: Resource, window: Window = ALL) -> list[dict[str, Any]]:
    """Everything a load would land: values by column, and the remainder under `rest`."""
    checker = Checker(resource)
    return [
        named(resource, checker.check(row))
        for part in source.slices(resource, window)
        for page in source.read(resource, part)
        for row in page
    ]


def named(resource: Resource, row: CheckedRow) -> dict[str, Any]:
    values = dict(zip(resource.places, row.values, strict=True))
    key = tuple(values[name] for name in resource.key)
    return values | {"rest": json.loads(row.rest), "key": key}


def agent(id: str, **changes: Any) -> Row:
    return {
        "id": id,
        "name": f"host-{id}",
        "status": "active",
        "dateAdd": "2026-01-01T00:00:00Z",
    } | (changes)


TEN_AGENTS = [agent(f"{number:03}") for number in range(10)]


def alert(number: int, stamp: str, **changes: Any) -> Row:
    """A hit of the alerts' index; `stamp` is UTC with milliseconds and Z."""
    return {
        "_index": f"wazuh-alerts-4.x-{stamp[:10].replace('-', '.')}",
        "_id": f"document-{number:06}",
        "_source": {
            "@timestamp": stamp,
            "timestamp": stamp.replace("Z", "+0000"),
            "id": f"1770000000.{number}",
            "manager": {"name": "wz-mgr-1"},
            "agent": {"id": "001", "name": "host-001"},
            "rule": {"id": "5710", "level": 5, "description": "sshd", "groups": ["sshd"]},
        }
        | changes,
    }


def vulnerability(agent_id: str, cve: str, package: Row | None = None) -> Row:
    source: Row = {
        "agent": {"id": agent_id, "name": f"host-{agent_id}"},
        "vulnerability": {
            "id": cve,
            "severity": "-",
            "detected_at": "2026-02-01T04:00:12.000Z",
            "under_evaluation": False,
        },
    }
    if package is not None:
        source["package"] = package
    return {
        "_index": "wazuh-states-vulnerabilities-wazuh",
        "_id": f"{agent_id}_{cve}",
        "_source": source,
    }
