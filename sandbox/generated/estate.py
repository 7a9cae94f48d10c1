"""The generated world as an `Estate`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from sandbox.estate import Row, Series
from sandbox.generated.agents import agent_rows
from sandbox.generated.alerts import Alerts
from sandbox.generated.cases import CaseBook, case_row
from sandbox.generated.faults import Faults, truth_row
from sandbox.generated.inventory import Inventory
from sandbox.generated.metrics import Metrics
from sandbox.generated.netbox_objects import netbox_objects
from sandbox.generated.odoo_rows import odoo_tables
from sandbox.generated.sizes import SIZES
from sandbox.generated.tickets import ServiceDesk


class GeneratedEstate:
    """An `Estate` computed from a seed; every row is worked out when it is asked for."""

    def __init__(self, seed: int, size: str, history_start: datetime, clock: datetime) -> None:
        """`history_start` and `clock` are aware; nothing happened before the first."""
        self.clock = clock
        self.inventory = Inventory(seed, SIZES[size], history_start)
        self.faults = Faults(self.inventory)
        self.service_desk = ServiceDesk(self.inventory, self.faults)
        self.alerts = Alerts(self.inventory, self.faults)
        self.case_book = CaseBook(self.inventory, self.faults)
        self.metrics = Metrics(self.inventory, self.faults)

    def netbox(self, endpoint: str) -> list[Row] | None:
        return netbox_objects(self.inventory, endpoint, self.clock)

    def wazuh_agents(self) -> list[Row]:
        return agent_rows(self.inventory, self.clock)

    def wazuh_alerts(self, start: datetime, end: datetime) -> list[Row]:
        first = max(start, self.inventory.history_start)
        return self.alerts.between(first, min(end, self.clock))

    def thehive_cases(self) -> list[Row]:
        return [case_row(case, self.clock) for case in self.case_book.cases(self.clock)]

    def host_metric(self, column: str, start: int, end: int) -> Iterator[Series]:
        """See `Estate.host_metric`; hours begin at or after the history's start."""
        first = math.ceil(self.inventory.history_start.timestamp() / 3600) * 3600 + 3600
        first, last = max(start, first), min(end, int(self.clock.timestamp()))
        return self.metrics.series(column, first, last) if first <= last else iter(())

    def odoo_tables(self) -> Iterable[tuple[str, list[Row]]]:
        return odoo_tables(self.service_desk, self.clock)

    def truth(self) -> list[Row]:
        begun = self.faults.begun_in(self.inventory.history_start, self.clock)
        return [truth_row(fault, self.clock) for fault in begun]
