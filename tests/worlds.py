"""Worlds a test writes down row by row, shown through the sandbox's real servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.estate import Estate, Millis, RawSeries, Row, Series, stamps_of
from tests.sandbox.serving import CREDENTIALS, served_estate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class World:
    """An `Estate` of the rows it is given, which a test may change between two loads."""

    clock: datetime = NOON
    netbox_objects: dict[str, list[Row]] = field(default_factory=dict)
    agents: list[Row] = field(default_factory=list)
    wazuh_state: dict[str, list[Row]] = field(default_factory=dict)
    alerts: list[Row] = field(default_factory=list)
    archives: list[Row] = field(default_factory=list)
    thehive_objects: dict[str, list[Row]] = field(default_factory=dict)
    metrics: dict[str, list[Series]] = field(default_factory=dict)
    interface_metrics: dict[str, list[Series]] = field(default_factory=dict)
    service_metrics: dict[str, list[Series]] = field(default_factory=dict)
    raw_samples: list[RawSeries] = field(default_factory=list)
    scraped: list[Row] = field(default_factory=list)
    odoo: dict[str, list[Row]] = field(default_factory=dict)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return self.netbox_objects.get(endpoint, [])

    def wazuh(self, collection: str) -> list[Row] | None:
        return self.agents if collection == "agents" else self.wazuh_state.get(collection)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return stamped_within(self.alerts, start, end)

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        return stamped_within(self.archives, start, end)

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        hits = self.alerts if kind == "alerts" else self.archives
        return stamps_of(stamped_within(hits, start, end))

    def thehive(self, kind: str) -> list[Row]:
        return self.thehive_objects.get(kind, [])

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return _hours_within(self.metrics.get(column, []), start, end)

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return _hours_within(self.interface_metrics.get(column, []), start, end)

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        return _hours_within(self.service_metrics.get(column, []), start, end)

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        for series in self.raw_samples:
            if series.labels["__name__"] == metric:
                inside = (series.at_millis >= start) & (series.at_millis <= end)
                yield RawSeries(series.labels, series.at_millis[inside], series.values[inside])

    def targets(self) -> list[Row]:
        return self.scraped

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return self.odoo.items()

    def truth(self) -> list[Row]:
        return []


def stamped_within(hits: list[Row], start: datetime, end: datetime) -> list[Row]:
    """Hits of an index with start <= @timestamp < end."""
    return [
        hit for hit in hits if start <= datetime.fromisoformat(hit["_source"]["@timestamp"]) < end
    ]


def _hours_within(found: list[Series], start: int, end: int) -> Iterator[Series]:
    for series in found:
        inside = (series.evaluated_at >= start) & (series.evaluated_at <= end)
        yield series._replace(
            evaluated_at=series.evaluated_at[inside], values=series.values[inside]
        )


@contextmanager
def served(estate: Estate) -> Iterator[dict[str, str]]:
    """Serve an estate on a free port of this process; yields the sources' settings."""
    with served_estate(estate) as base:
        yield settings_at(base)


def settings_at(base: str) -> dict[str, str]:
    """The settings of all sources that a sandbox serves over HTTP at a base URL."""
    return {
        "OPSMART_NETBOX_URL": f"{base}/netbox",
        "OPSMART_NETBOX_TOKEN": CREDENTIALS.netbox_token,
        "OPSMART_WAZUH_URL": f"{base}/wazuh",
        "OPSMART_WAZUH_USER": CREDENTIALS.wazuh_user,
        "OPSMART_WAZUH_PASSWORD": CREDENTIALS.wazuh_password,
        "OPSMART_WAZUH_INDEXER_URL": f"{base}/indexer",
        "OPSMART_WAZUH_INDEXER_USER": CREDENTIALS.wazuh_indexer_user,
        "OPSMART_WAZUH_INDEXER_PASSWORD": CREDENTIALS.wazuh_indexer_password,
        "OPSMART_THEHIVE_URL": f"{base}/thehive",
        "OPSMART_THEHIVE_API_KEY": CREDENTIALS.thehive_api_key,
        "OPSMART_PROMETHEUS_URL": f"{base}/prometheus",
        "OPSMART_PROMETHEUS_HISTORY_START": "2026-02-20",
    }


def device(identity: Any, name: str | None, touched: str, **changes: Any) -> Row:
    """A device as NetBox shows it, as far as anybody here looks."""
    return {
        "id": identity,
        "name": name,
        "status": {"value": "active", "label": "Active"},
        "site": {"id": 1, "name": "Frankfurt"},
        "role": {"id": 2, "name": "Server", "slug": "server"},
        "device_type": {"id": 3, "model": "R650", "manufacturer": {"id": 4, "name": "Dell"}},
        "tenant": None,
        "serial": "",
        "primary_ip4": None,
        "interface_count": 1,
        "created": "2025-01-01T00:00:00Z",
        "last_updated": touched,
    } | changes
