"""Wazuh 4.8 to 4.14: agents from the server API, alerts from the indexer.

Agents have no change cursor: every load lists them all, and an agent no longer listed was removed.
Alerts are events, read through a point in time in the total order (@timestamp, id, node); an
alert's key is (node, id, timestamp), because `id` is unique only per manager node and day and the
document id changes when Filebeat re-reads a file. Run alone with ``python -m ingest wazuh``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests

from ingest.contract import Column, Resource, Row
from ingest.errors import SourceError
from ingest.http import Http
from ingest.source import required
from ingest.window import Window

AGENTS_PER_PAGE = 500
ALERTS_PER_PAGE = 5000
ALERT_INDEX = "wazuh-alerts-4.x-*"
KEEP_ALIVE = "10m"
# A token lives 900 s by default and an expired one cannot be told from a malformed one: renew
# early.
TOKEN_SECONDS = 700
SORT = [
    {"@timestamp": "asc"},
    {"id": "asc"},
    {"cluster.node": {"order": "asc", "unmapped_type": "keyword", "missing": "_last"}},
]

AGENTS = Resource(
    name="agents",
    kind="entity",
    key=("id",),
    columns=(
        Column("id", "text", required=True),
        Column("name", "text"),
        Column("ip", "text"),
        Column("status", "text"),
        Column("version", "text"),
        Column("os_name", "text", "os.name"),
        Column("os_version", "text", "os.version"),
        Column("os_platform", "text", "os.platform"),
        Column("groups", "json", "group"),
        Column("node_name", "text"),
        Column("date_add", "timestamp", "dateAdd"),
        Column("last_keep_alive", "timestamp", "lastKeepAlive", volatile=True),
        Column("disconnection_time", "timestamp"),
    ),
    changed_at=("date_add",),
    is_snapshot=True,
)
ALERTS = Resource(
    name="alerts",
    kind="event",
    key=("node", "id", "timestamp"),
    columns=(
        Column("node", "text", "_node", required=True),
        Column("id", "text", required=True),
        Column("timestamp", "timestamp", required=True),
        Column("event_at", "timestamp", "@timestamp", required=True),
        Column("index_name", "text", "_index"),
        Column("document_id", "text", "_id"),
        Column("agent_id", "text", "agent.id"),
        Column("agent_name", "text", "agent.name"),
        Column("manager_name", "text", "manager.name"),
        Column("rule_id", "text", "rule.id", required=True),
        Column("rule_level", "bigint", "rule.level", required=True),
        Column("rule_description", "text", "rule.description"),
        Column("rule_groups", "json", "rule.groups"),
        Column("rule_fired_times", "bigint", "rule.firedtimes"),
        Column("mitre_ids", "json", "rule.mitre.id"),
        Column("decoder_name", "text", "decoder.name"),
        Column("location", "text"),
        Column("source_ip", "text", "data.srcip"),
    ),
    changed_at=("event_at",),
    overlap=timedelta(minutes=30),
    # the indexer shows a document after its refresh, 5 s by default
    margin=timedelta(seconds=10),
)


class Wazuh:
    """A Wazuh manager and its indexer, read with read-only accounts."""

    name: ClassVar[str] = "wazuh"
    resources: ClassVar[tuple[Resource, ...]] = (AGENTS, ALERTS)

    def __init__(self, settings: Mapping[str, str]) -> None:
        def setting(name: str, meaning: str) -> str:
            return required(settings, self.name, f"OPSMART_WAZUH_{name}", meaning)

        self.api = Http(
            self.name, "OPSMART_WAZUH_URL", setting("URL", "the server API's base URL"), {}
        )
        self.api_login = (
            setting("USER", "the name of a read-only API user"),
            setting("PASSWORD", "the password of OPSMART_WAZUH_USER"),
        )
        self.indexer = Http(
            self.name,
            "OPSMART_WAZUH_INDEXER_URL",
            setting("INDEXER_URL", "the indexer's base URL"),
            {},
        )
        self.indexer.session.auth = (
            setting("INDEXER_USER", "the name of a read-only indexer user"),
            setting("INDEXER_PASSWORD", "the password of OPSMART_WAZUH_INDEXER_USER"),
        )
        self._token_until = 0.0

    def clock(self) -> datetime:
        response = self.indexer.request("GET", "")
        self._refuse(response, "OPSMART_WAZUH_INDEXER_USER and _PASSWORD")
        return self.indexer.clock(response)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        if resource is AGENTS:
            yield from self._agents()
        else:
            yield from self._alerts(window)

    def count(self, resource: Resource, window: Window) -> int:
        if resource is AGENTS:
            return int(self._agent_page(0, 1)["total_affected_items"])
        response = self.indexer.request(
            "POST", f"{ALERT_INDEX}/_count", json={"query": _alert_query(window)}
        )
        self._refuse(response, "OPSMART_WAZUH_INDEXER_USER and _PASSWORD")
        return int(self.indexer.decode(response)["count"])

    def close(self) -> None:
        self.api.close()
        self.indexer.close()

    def _agents(self) -> Iterator[list[Row]]:
        offset = 0
        while True:
            data = self._agent_page(offset, AGENTS_PER_PAGE)
            if data["affected_items"]:
                yield data["affected_items"]
            offset += AGENTS_PER_PAGE
            if offset >= data["total_affected_items"]:
                return

    def _agent_page(self, offset: int, limit: int) -> Any:
        parameters: dict[str, str | int] = {"offset": offset, "limit": limit, "sort": "+id"}
        self._authenticate()
        response = self.api.request("GET", "agents", params=parameters)
        if response.status_code == 401:
            self._token_until = 0.0
            self._authenticate()
            response = self.api.request("GET", "agents", params=parameters)
        self._refuse(response, "OPSMART_WAZUH_USER and _PASSWORD")
        body = self.api.decode(response)
        # partial results come with HTTP 200: taking them for the whole list would delete agents
        if body.get("error") != 0:
            raise SourceError(
                self.name,
                f"GET /agents was answered in part only (error {body.get('error')}, "
                f"{body.get('message')}): give the user of OPSMART_WAZUH_USER the right agent:read",
            )
        return body["data"]

    def _authenticate(self) -> None:
        if time.monotonic() < self._token_until:
            return
        response = self.api.request(
            "POST", "security/user/authenticate", auth=self.api_login, params={"raw": "true"}
        )
        # never repeated: fifty failed logins lock the address out, the dashboard's too
        self._refuse(response, "OPSMART_WAZUH_USER and _PASSWORD")
        self.api.session.headers["Authorization"] = f"Bearer {response.text.strip()}"
        self._token_until = time.monotonic() + TOKEN_SECONDS

    def _alerts(self, window: Window) -> Iterator[list[Row]]:
        opened = self.indexer.request(
            "POST", f"{ALERT_INDEX}/_search/point_in_time", params={"keep_alive": KEEP_ALIVE}
        )
        self._refuse(opened, "OPSMART_WAZUH_INDEXER_USER and _PASSWORD")
        point_in_time = self.indexer.decode(opened)["pit_id"]
        body: dict[str, Any] = {
            "size": ALERTS_PER_PAGE,
            "track_total_hits": False,
            "query": _alert_query(window),
            "pit": {"id": point_in_time, "keep_alive": KEEP_ALIVE},
            "sort": SORT,
        }
        try:
            while hits := self._search(body):
                yield [_alert(hit) for hit in hits]
                body["search_after"] = hits[-1]["sort"]
        finally:
            self.indexer.request(
                "DELETE", "_search/point_in_time", json={"pit_id": [point_in_time]}
            )

    def _search(self, body: Row) -> list[Row]:
        response = self.indexer.request("POST", "_search", json=body)
        self._refuse(response, "OPSMART_WAZUH_INDEXER_USER and _PASSWORD")
        answer = self.indexer.decode(response)
        if answer.get("timed_out") or answer["_shards"]["failed"]:
            raise SourceError(
                self.name,
                "the indexer answered from a part of its shards: check its cluster health at "
                "OPSMART_WAZUH_INDEXER_URL, then load again",
            )
        hits: list[Row] = answer["hits"]["hits"]
        return hits

    def _refuse(self, response: requests.Response, accounts: str) -> None:
        if response.status_code in (401, 403):
            raise SourceError(
                self.name, f"the login was refused ({response.status_code}): check {accounts}"
            )
        if response.status_code != 200:
            raise SourceError(
                self.name,
                f"{response.url.split('?')[0]} answered {response.status_code}: "
                "check OPSMART_WAZUH_URL and OPSMART_WAZUH_INDEXER_URL",
            )


def _alert_query(window: Window) -> Row:
    limits = {"lt": window.end.isoformat()}
    if window.start is not None:
        limits["gte"] = window.start.isoformat()
    return {"bool": {"filter": [{"range": {"@timestamp": limits}}]}}


def _alert(hit: Row) -> Row:
    """The alert itself with its lineage, and the node that makes its id unique."""
    source: Row = hit["_source"]
    node = _inner(source, "cluster", "node") or _inner(source, "manager", "name")
    return {**source, "_node": node, "_index": hit["_index"], "_id": hit["_id"]}


def _inner(row: Row, outer: str, inner: str) -> Any:
    value = row.get(outer)
    return value.get(inner) if isinstance(value, dict) else None
