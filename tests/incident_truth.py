"""What the generated world knows of its incidents: its faults, cases and tickets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.generated.estate import GeneratedEstate
from sandbox.generated.faults import Fault
from sandbox.generated.odoo.rows import closed_at, steps_until
from sandbox.generated.thehive.cases import TITLES, Case, case_row

URGENT = "3"
NOT_INCIDENTS = ("FalsePositive", "Duplicated")


@dataclass(frozen=True)
class ToldIncident:
    """A case or an urgent ticket about a fault: (source, id), and its milestones as told."""

    source: tuple[str, str]
    fault: Fault
    occurred: datetime
    detected: datetime
    acknowledged: datetime | None
    resolved: datetime | None


def told_incidents(estate: GeneratedEstate) -> list[ToldIncident]:
    """Every case and urgent ticket that a fault led to, by source and id."""
    faults = estate.faults.begun_in(estate.inventory.history_start, estate.clock)
    told = [*_cases(estate, faults), *_tickets(estate)]
    return sorted(told, key=lambda incident: incident.source)


def _cases(estate: GeneratedEstate, faults: list[Fault]) -> Iterator[ToldIncident]:
    for case in estate.hive.case_book.cases(estate.clock):
        fault = next((fault for fault in faults if _is_about(case, fault)), None)
        row = case_row(case, estate.clock)
        if fault is None or row["status"] in NOT_INCIDENTS:
            continue
        taken = [step for step in case.steps if step[0] <= estate.clock]
        is_closed = taken[-1][2] == "Closed"
        yield ToldIncident(
            source=("case", row["_id"]),
            fault=fault,
            occurred=case.noticed,
            detected=taken[0][0],
            acknowledged=next((at for at, _, stage in taken if stage == "InProgress"), None),
            resolved=taken[-1][0] if is_closed else None,
        )


def _is_about(case: Case, fault: Fault) -> bool:
    """Analysts notice a fault within 20 minutes and call it by its kind."""
    return (
        case.device.index == fault.device.index
        and case.title == TITLES[fault.kind.name].format(host=fault.device.hostname)
        and timedelta(0) <= case.noticed - fault.begin <= timedelta(minutes=20)
    )


def _tickets(estate: GeneratedEstate) -> Iterator[ToldIncident]:
    for ticket in estate.service_desk.tickets(estate.clock):
        draft = ticket.draft
        if draft.fault is not None and draft.priority == URGENT:
            steps = steps_until(ticket, estate.clock)
            yield ToldIncident(
                source=("ticket", str(ticket.id)),
                fault=draft.fault,
                occurred=draft.at,
                detected=draft.at,
                acknowledged=next((step.at for step in steps if step.agent), None),
                resolved=closed_at(steps),
            )
