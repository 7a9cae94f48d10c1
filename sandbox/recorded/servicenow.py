"""A real ServiceNow incident log: one row per update of an incident."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

FILE = "04_incidents/uci_servicenow/incident_event_log.csv.xz"
OPENED_FROM = datetime(2016, 3, 1, tzinfo=UTC)
OPENED_BEFORE = datetime(2016, 5, 26, tzinfo=UTC)  # few incidents opened later are in the export
_COLUMNS = (
    *("sys_updated_at", "ident_state", "priority", "made_sla", "assignment_group"),
    *("assigned_to", "caller_id", "category"),
)
CLOSED_STATES = frozenset({"Resolved", "Closed"})
"""States in which nobody works on the incident any more."""


class Event(NamedTuple):
    """The incident as one update left it; None where the log says ``?`` (not known)."""

    updated_at: datetime
    state: str
    priority: str
    made_sla: bool
    group: int | None
    assignee: int | None
    caller: int | None
    category: str | None
    subcategory: str | None


class Transition(NamedTuple):
    """A change of state between two consecutive updates."""

    at: datetime
    old: str
    new: str


@dataclass(frozen=True)
class Incident:
    """An incident and its updates (never none) in the order of the file, which decides ties."""

    number: str
    opened_at: datetime
    events: tuple[Event, ...]

    @property
    def latest(self) -> Event:
        return self.events[-1]

    @property
    def transitions(self) -> list[Transition]:
        pairs = zip(self.events, self.events[1:], strict=False)
        return [
            Transition(new.updated_at, old.state, new.state)
            for old, new in pairs
            if old.state != new.state
        ]

    @property
    def assigned_at(self) -> datetime | None:
        """First update that names an assignee."""
        return next((e.updated_at for e in self.events if e.assignee is not None), None)

    @property
    def closed_at(self) -> datetime | None:
        """Last entry into a closed state from an open one (or from nothing); None while open.

        Going from Resolved to Closed is no entry: the work had ended before.
        """
        closed_at = None
        for event in self.events:
            if event.state not in CLOSED_STATES:
                closed_at = None
            elif closed_at is None:
                closed_at = event.updated_at
        return closed_at


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
        priority=priority,
        made_sla=made_sla == "true",
        group=_code(group),
        assignee=_code(assignee),
        caller=_code(caller),
        category=None if category == "?" else category,
        subcategory=None if sub == "?" else sub,
    )


def _code(cell: str) -> int | None:
    return None if cell == "?" else int(cell)


@cache
def _time(cell: str) -> datetime:
    """The export names no time zone: its clock is taken as UTC."""
    return datetime.strptime(cell, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
