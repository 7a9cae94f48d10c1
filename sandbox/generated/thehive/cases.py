"""Security cases: what analysts opened for faults, and for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import numpy as np

from sandbox.estate import Row
from sandbox.generated.faults import Fault, Faults
from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.people import agents_of
from sandbox.generated.randomness import generator, pick
from sandbox.generated.tickets import FIRST_ID_DAY, SECURITY, hours
from sandbox.generated.timeline import day_of, millis, moment_in, start_of

CASE_SHARE_OF_FAULTS = 0.6
HOSTS_ANALYSTS_LOOK_AFTER = 65
"""On a larger estate most faults end as tickets: analysts open no more cases than they can read."""
NUMBERS_PER_DAY = 100
REOPENED_SHARE = 0.05
TITLES = {
    "cpu_runaway": "Runaway process on {host}",
    "memory_leak": "Memory exhaustion on {host}",
    "disk_fill": "Disk filling up on {host}",
    "network_flood": "Traffic flood towards {host}",
    "data_exfiltration": "Possible data exfiltration from {host}",
    "fan_failure": "Hardware alarm on {host}",
    "traffic_drop": "Loss of traffic on {host}",
    "thermal_throttle": "Overheating of {host}",
    "stuck_sensor": "Sensors of {host} do not change",
}
FALSE_TITLES = (
    "Brute force attempt against {host}",
    "Suspicious login on {host}",
    "Port scan seen by {host}",
    "Integrity change on {host}",
)
SEVERITIES = {1: "LOW", 2: "MEDIUM", 3: "HIGH", 4: "CRITICAL"}


@dataclass(frozen=True)
class Case:
    """A case with its whole life; `steps` are (moment, status, stage), creation first."""

    number: int
    title: str
    severity: int
    device: Device
    noticed: datetime
    steps: tuple[tuple[datetime, str, str], ...]
    assignee: str
    author: str


@dataclass(frozen=True)
class Draft:
    """A case as it is opened: by whom is drawn later, from `key`."""

    opened: datetime
    noticed: datetime
    device: Device
    title: str
    severity: int
    fault: Fault | None
    key: tuple[int, ...]


class CaseBook:
    """Every case opened from the history's start on."""

    def __init__(self, inventory: Inventory, faults: Faults) -> None:
        self.inventory = inventory
        self.faults = faults

    def cases(self, until: datetime) -> list[Case]:
        """Cases opened by `until`, by number, which is also the order of opening."""
        cases = []
        for day, drafts in groupby(self._drafts(until), key=lambda draft: day_of(draft.opened)):
            first = (day - FIRST_ID_DAY) * NUMBERS_PER_DAY
            cases += [self._case(first + n, draft) for n, draft in enumerate(drafts, start=1)]
        return [case for case in cases if case.steps[0][0] <= until]

    def _drafts(self, until: datetime) -> list[Draft]:
        start = self.inventory.history_start
        days = range(day_of(start), day_of(until) + 1)
        drafts = [*self._of_faults(start, start_of(days.stop))]
        drafts += [draft for day in days for draft in self._of_nothing(day)]
        known = [draft for draft in drafts if draft.opened >= start]
        return sorted(known, key=lambda draft: (draft.opened, draft.key))

    def _of_faults(self, start: datetime, end: datetime) -> Iterator[Draft]:
        share = CASE_SHARE_OF_FAULTS
        share *= min(1.0, HOSTS_ANALYSTS_LOOK_AFTER / len(self.inventory.hosts))
        for fault in self.faults.begun_in(start, end):
            key = day_of(fault.begin), fault.device.index
            random = generator(self.inventory.seed, "case", *key)
            if random.random() >= share:
                continue
            noticed = fault.begin + timedelta(minutes=float(random.uniform(0, 20)))
            severity = 2 + int(fault.size > 4) + int(fault.size > 8)
            if fault.kind.name == "data_exfiltration":
                severity = min(severity + 1, 4)
            title = TITLES[fault.kind.name].format(host=fault.device.hostname)
            opened = noticed + min(hours(random, 0.7, 0.9), timedelta(hours=20))
            yield Draft(opened, noticed, fault.device, title, severity, fault, (1, *key))

    def _of_nothing(self, day: int) -> Iterator[Draft]:
        random = generator(self.inventory.seed, "false cases", day)
        servers = [host for host in self.inventory.hosts if host.is_server]
        for number in range(int(random.poisson(self.inventory.size.false_cases_per_day))):
            device = pick(random, servers)
            opened = moment_in(day, float(random.uniform(0.25, 0.9)))
            noticed = opened - timedelta(minutes=float(random.uniform(2, 90)))
            title = pick(random, FALSE_TITLES).format(host=device.hostname)
            severity = pick(random, (1, 2, 3), (3, 5, 1))
            yield Draft(opened, noticed, device, title, severity, None, (0, day, number))

    def _case(self, number: int, draft: Draft) -> Case:
        random = generator(self.inventory.seed, "case life", *draft.key)
        staff = [a.login for a in agents_of(self.inventory) if a.team_id == SECURITY and a.active]
        return Case(
            number=number,
            title=draft.title,
            severity=draft.severity,
            device=draft.device,
            noticed=draft.noticed,
            steps=tuple(self._life(draft, random)),
            assignee=pick(random, staff),
            author=pick(random, staff),
        )

    def _life(
        self, draft: Draft, random: np.random.Generator
    ) -> Iterator[tuple[datetime, str, str]]:
        is_true = draft.fault is not None
        verdict = pick(
            random,
            ("TruePositive", "FalsePositive", "Indeterminate", "Duplicated", "Other"),
            (80, 5, 5, 3, 7) if is_true else (0, 70, 12, 8, 10),
        )
        yield draft.opened, "New", "New"
        at = draft.opened + hours(random, 0.5, 0.8)
        yield at, "InProgress", "InProgress"
        at += hours(random, 7.0 if is_true else 2.0, 0.8)
        if draft.fault is not None:
            at = max(at, draft.fault.end + hours(random, 1.0, 0.6))
        yield at, verdict, "Closed"
        if random.random() < REOPENED_SHARE:
            at += hours(random, 20.0, 0.6)
            yield at, "InProgress", "InProgress"
            at += hours(random, 5.0, 0.6)
            yield at, verdict, "Closed"


def case_row(case: Case, clock: datetime) -> Row:
    """A case in TheHive 5 shape as of `clock`; what has not happened is absent."""
    steps = [step for step in case.steps if step[0] <= clock]
    opened, (last, status, stage) = case.steps[0][0], steps[-1]
    first = {stage: at for at, _, stage in reversed(steps)}
    customer = case.device.site.customer
    row: Row = {
        "_id": f"~{case.number * 4096}",
        "_type": "Case",
        "_createdBy": case.author,
        "_createdAt": millis(opened),
        "number": case.number,
        "title": case.title,
        "description": f"<p>{case.title} of <b>{customer.name}</b></p>",
        "severity": case.severity,
        "severityLabel": SEVERITIES[case.severity],
        "startDate": millis(case.noticed),
        "tags": ["wazuh", f"host={case.device.hostname}", f"customer={customer.slug}"],
        "flag": False,
        "tlp": 2,
        "tlpLabel": "AMBER",
        "pap": 2,
        "papLabel": "AMBER",
        "status": status,
        "stage": stage,
        "access": {"_kind": "OrganisationAccessKind"},
        "customFields": [],
        "userPermissions": [],
        "extraData": {},
        "newDate": millis(opened),
        "timeToDetect": millis(opened) - millis(case.noticed),
    }
    if len(steps) > 1:
        row |= {"_updatedAt": millis(last), "_updatedBy": case.assignee, "assignee": case.assignee}
    if started := first.get("InProgress"):
        row["inProgressDate"] = millis(started)
        row["timeToTriage"] = millis(started) - millis(opened)
        row["timeToAcknowledge"] = millis(started) - millis(case.noticed)
    if closed := first.get("Closed"):
        ended = max(at for at, _, stage in steps if stage == "Closed")
        row |= {"closedDate": millis(closed), "endDate": millis(ended), "impactStatus": "NoImpact"}
        row["summary"] = f"Closed on {ended:%d %B %Y}"
        row["timeToResolve"] = millis(ended) - row["inProgressDate"]
        row["handlingDuration"] = millis(ended) - millis(opened)
    return row
