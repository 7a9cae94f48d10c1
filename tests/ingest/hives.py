"""A TheHive of few rows, served and opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from ingest.checking import Checker
from ingest.contract import Resource, Row
from ingest.thehive import Thehive
from ingest.window import Window
from sandbox.estate import Estate
from sandbox.thehive.api import HiveServer, hive_app
from sandbox.web import SourceClock
from tests.sandbox.serving import CREDENTIALS
from tests.sandbox.serving import served as served_app
from tests.worlds import NOON

MARCH = datetime(2026, 3, 1, tzinfo=UTC)
WHOLE = Window(None, NOON, is_backfill=True)


@contextmanager
def hive_of(estate: Estate, **options: Any) -> Iterator[dict[str, str]]:
    """Serve one TheHive; yields the source's settings."""
    server = hive_app(HiveServer(estate, CREDENTIALS, **options))
    app = Starlette(
        routes=[Mount("/", server)],
        middleware=[Middleware(SourceClock, estate=estate)],
    )
    with served_app(app) as base:
        yield {
            "OPSMART_THEHIVE_URL": base,
            "OPSMART_THEHIVE_API_KEY": CREDENTIALS.thehive_api_key,
        }


@contextmanager
def opened(settings: dict[str, str]) -> Iterator[Thehive]:
    source = Thehive(settings)
    try:
        yield source
    finally:
        source.close()


def entity(kind: str, number: int, created: datetime, **fields: Any) -> Row:
    return {
        "_id": f"~{number}",
        "_type": kind,
        "_createdBy": "soc1@corp.example",
        "_createdAt": epoch(created),
        "extraData": {},
    } | fields


def epoch(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def read(source: Thehive, resource: Resource, window: Window) -> list[Row]:
    return [row for page in source.read(resource, window) for row in page]


def ids(rows: list[Row]) -> list[str]:
    return [row["_id"] for row in rows]


def typed(resource: Resource, row: Row) -> dict[str, Any]:
    names = [column.name for column in resource.columns]
    return dict(zip(names, Checker(resource).check(row).values, strict=True))


def audit(number: int, at: datetime, action: str, kind: str, object_id: str) -> Row:
    told = {"action": action, "objectType": kind, "objectId": object_id, "rootId": object_id}
    return entity("Audit", number, at, requestId="1:2", mainAction=True, details={}, **told)
