"""A real ServiceNow incident log: one row per update of an incident."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path

from sandbox.recorded.helpdesk import IncidentLog
from sandbox.recorded.incidents import Event, Incident

FILE = "04_incidents/uci_servicenow/incident_event_log.csv.xz"
OPENED_FROM = datetime(2016, 3, 1, tzinfo=UTC)
OPENED_BEFORE = datetime(2016, 5, 26, tzinfo=UTC)  # few incidents opened later are in the export
_COLUMNS = (
    *("sys_updated_at", "ident_state", "priority", "made_sla", "assignment_group"),
    *("assigned_to", "caller_id", "category"),
)
_CLOSED_STATES = ("Resolved", "Closed")
_STATES = (
    *("New", "Active", "Awaiting User Info", "Awaiting Vendor", "Awaiting Problem"),
    *("Awaiting Evidence", "-100", *_CLOSED_STATES),
)
LOG = IncidentLog(
    organisation="Organisation of the UCI incident log",
    states={state: state in _CLOSED_STATES for state in _STATES},
    sla="SLA of the incident log (no target given)",
)
_PRIORITIES = {"1": "3", "2": "2", "3": "1", "4": "0"}
"""ServiceNow counts down from 1 (critical), Odoo up from '0' (low)."""


def read_incidents(path: Path, clock: datetime) -> list[Incident]:
    """Incidents opened in the window with all their updates up to `clock`, in file order."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [
            incident
            for incident in _incidents(csv.reader(lines), clock)
            if incident.events and OPENED_FROM <= incident.opened_at < OPENED_BEFORE
        ]


def _incidents(rows: Iterator[list[str]], clock: datetime) -> Iterator[Incident]:
    header = next(rows)
    number, opened_at = header.index("number"), header.index("opened_at")
    positions = [header.index(name) for name in _COLUMNS]
    # The export calls two neighbouring columns `category`; the second is the sub-category.
    positions.append(positions[-1] + 1)
    for (name, opened), updates in groupby(rows, key=lambda row: (row[number], row[opened_at])):
        events = (_event([row[position] for position in positions]) for row in updates)
        yield Incident(name, _time(opened), tuple(e for e in events if e.updated_at <= clock))


def _event(cells: list[str]) -> Event:
    updated_at, state, priority, made_sla, group, assignee, caller, category, sub = cells
    return Event(
        updated_at=_time(updated_at),
        state=state,
        is_closed=state in _CLOSED_STATES,
        subject=f"Category {_known(category)}, subcategory {_known(sub)}",
        priority=_PRIORITIES[priority],
        made_sla=made_sla == "true",
        group=_code(group),
        assignee=_code(assignee),
        caller=_code(caller),
    )


def _known(cell: str) -> str:
    return "unknown" if cell == "?" else cell


def _code(cell: str) -> int | None:
    return None if cell == "?" else int(cell)


@cache
def _time(cell: str) -> datetime:
    """The export names no time zone: its clock is taken as UTC."""
    return datetime.strptime(cell, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
