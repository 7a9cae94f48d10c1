"""The generated TheHive: cases, what belongs to them, the alerts before them, the audit trail."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from sandbox.estate import Row
from sandbox.generated.inventory import Inventory
from sandbox.generated.thehive.alerts import ONE_CAMPAIGN, HiveAlerts
from sandbox.generated.thehive.cases import CaseBook, case_row
from sandbox.generated.thehive.contents import case_history, observables_of_case, tasks_of
from sandbox.generated.thehive.objects import HiveObject
from sandbox.generated.wazuh.alerts import Alerts


class Hive:
    """Rows of TheHive 5 as of any moment, oldest first."""

    def __init__(self, inventory: Inventory, case_book: CaseBook, alerts: Alerts) -> None:
        self.seed = inventory.seed
        self.case_book = case_book
        self.alerts = HiveAlerts(inventory, alerts)
        self.rows = lru_cache(maxsize=10)(self._rows)
        self._objects = lru_cache(maxsize=2)(self._all_objects)

    def _rows(self, kind: str, clock: datetime) -> list[Row]:
        if kind == "Case":
            return [case_row(case, clock) for case in self.case_book.cases(clock)]
        if kind == "Audit":
            rows = [row for each in self._objects(clock) for row in each.audits(clock)]
        else:
            mine = [each for each in self._objects(clock) if each.kind == kind]
            rows = [row for each in mine if (row := each.row(clock))]
        return sorted(rows, key=lambda row: (row["_createdAt"], row["_id"]))

    def _all_objects(self, clock: datetime) -> list[HiveObject]:
        """Everything created by `clock`; whether an alert becomes a case is known a day later."""
        cases = self.case_book.cases(clock + ONE_CAMPAIGN + timedelta(days=1))
        objects = self.alerts.objects(clock, cases)
        for case in cases:
            if case.steps[0][0] <= clock:
                objects.append(case_history(case))
                objects += tasks_of(self.seed, case)
                objects += observables_of_case(self.seed, case)
        return objects
