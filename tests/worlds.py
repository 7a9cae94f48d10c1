"""Worlds a test writes down row by row, shown through the sandbox's real servers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sandbox.estate import Estate, Row, Series
from tests.sandbox.serving import CREDENTIALS, served_estate

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class World:
    """An `Estate` of the rows it is given, which a test may change between two loads."""

    clock: datetime = NOON
    netbox_objects: dict[str, list[Row]] = field(default_factory=dict)
    agents: list[Row] = field(default_factory=list)
    alerts: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    metrics: dict[str, list[Series]] = field(default_factory=dict)
    odoo: dict[str, list[Row]] = field(default_factory=dict)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return self.netbox_objects.get(endpoint, [])

    def wazuh_agents(self) -> list[Row]:
        return self.agents

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        return [
            hit
            for hit in self.alerts
            if start <= datetime.fromisoformat(hit["_source"]["@timestamp"]) < end
        ]

    def thehive_cases(self) -> list[Row]:
        return self.cases

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        for series in self.metrics.get(column, []):
            inside = (series.evaluated_at >= start) & (series.evaluated_at <= end)
            yield Series(series.instance, series.evaluated_at[inside], series.values[inside])

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return self.odoo.items()

    def truth(self) -> list[Row]:
        return []


@contextmanager
def served(estate: Estate) -> Iterator[dict[str, str]]:
    """Serve an estate on a free port of this process; yields the sources' settings."""
    with served_estate(estate) as base:
        yield {
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
