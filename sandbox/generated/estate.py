"""The generated world as an `Estate`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.estate import Millis, RawSeries, Row, Series
from sandbox.generated.faults import Faults, truth_row
from sandbox.generated.inventory import Inventory
from sandbox.generated.netbox.objects import NetboxObjects
from sandbox.generated.odoo.rows import odoo_tables
from sandbox.generated.prometheus.host_metrics import HostMetrics
from sandbox.generated.prometheus.interface_metrics import InterfaceMetrics
from sandbox.generated.prometheus.samples import Scrapes
from sandbox.generated.prometheus.service_metrics import ServiceMetrics
from sandbox.generated.prometheus.targets import target_rows
from sandbox.generated.sizes import SIZES
from sandbox.generated.thehive.cases import CaseBook
from sandbox.generated.thehive.hive import Hive
from sandbox.generated.tickets import ServiceDesk
from sandbox.generated.wazuh.alerts import Alerts
from sandbox.generated.wazuh.archives import archive_times_between, archives_between
from sandbox.generated.wazuh.state import WazuhState


class GeneratedEstate:
    """An `Estate` computed from a seed; every row is worked out when it is asked for."""

    def __init__(self, seed: int, size: str, history_start: datetime, clock: datetime) -> None:
        """`history_start` and `clock` are aware; nothing happened before the first."""
        self.clock = clock
        self.inventory = Inventory(seed, SIZES[size], history_start)
        self.netbox_objects = NetboxObjects(self.inventory)
        self.faults = Faults(self.inventory)
        self.service_desk = ServiceDesk(self.inventory, self.faults)
        self.alerts = Alerts(self.inventory, self.faults)
        self.wazuh_state = WazuhState(self.inventory)
        self.hive = Hive(self.inventory, CaseBook(self.inventory, self.faults), self.alerts)
        self.metrics = HostMetrics(self.inventory, self.faults)
        self.interfaces = InterfaceMetrics(self.inventory, self.faults, self.metrics)
        self.services = ServiceMetrics(self.inventory, self.faults, self.metrics)
        self.scrapes = Scrapes(self.inventory, self.faults, self.metrics, self.services.services)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return self.netbox_objects.objects(endpoint, self.clock)

    def wazuh(self, collection: str) -> list[Row] | None:
        return self.wazuh_state.collection(collection, self.clock)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        first = max(start, self.inventory.history_start)
        return self.alerts.between(first, min(end, self.clock))

    def wazuh_archives(self, start: datetime, end: datetime) -> list[Row]:
        first = max(start, self.inventory.history_start)
        return archives_between(self.alerts, first, min(end, self.clock))

    def wazuh_times(self, kind: str, start: datetime, end: datetime) -> Millis:
        first, last = max(start, self.inventory.history_start), min(end, self.clock)
        if kind == "alerts":
            return self.alerts.times_between(first, last)
        return archive_times_between(self.alerts, first, last)

    def thehive(self, kind: str) -> list[Row]:
        return self.hive.rows(kind, self.clock)

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """See `Estate.host_metric`; hours begin at or after the history's start."""
        first, last = self._hours(start, end)
        return self.metrics.series(column, first, last) if first <= last else iter(())

    def interface_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """See `Estate.interface_metric`; hours as those of hosts."""
        first, last = self._hours(start, end)
        return self.interfaces.series(column, first, last) if first <= last else iter(())

    def service_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """See `Estate.service_metric`; hours as those of hosts."""
        first, last = self._hours(start, end)
        return self.services.series(column, first, last) if first <= last else iter(())

    def _hours(self, start: int, end: int) -> tuple[int, int]:
        """The part of [start, end] (epoch seconds) at which whole hours of history had ended."""
        first = math.ceil(self.inventory.history_start.timestamp() / 3600) * 3600 + 3600
        return max(start, first), min(end, int(self.clock.timestamp()))

    def samples(self, metric: str, start: int, end: int) -> Iterator[RawSeries]:
        """See `Estate.samples`; history begins at its first whole hour."""
        first = math.ceil(self.inventory.history_start.timestamp() / 3600) * 3_600_000 + 1
        first, last = max(start, first), min(end, int(self.clock.timestamp() * 1000))
        known = {"up": self.scrapes.up, "ALERTS": self.scrapes.alerts}
        if metric not in known or first > last:
            return iter(())
        return known[metric](first, last)

    def targets(self) -> list[Row]:
        return target_rows(self.inventory, self.services.services, self.clock)

    def odoo_tables(self) -> Iterable[tuple[str, Iterable[Row]]]:
        return odoo_tables(self.service_desk, self.clock)

    def truth(self) -> list[Row]:
        begun = self.faults.begun_in(self.inventory.history_start, self.clock)
        return [truth_row(fault, self.clock) for fault in begun]
