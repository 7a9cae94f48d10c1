"""A real helpdesk log: one row per completed activity of a case, and nothing else."""

from __future__ import annotations

import csv
import lzma
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from sandbox.recorded.helpdesk import IncidentLog
from sandbox.recorded.incidents import Event, Incident

FILE = "04_incidents/bpi13_helpdesk/helpdesk.csv.xz"
_ACTIVITIES = range(1, 10)
_LAST_ACTIVITY = 6
"""The log names activities by number only. Every one of its cases ends with this one."""


def _state(activity: int) -> str:
    return f"Activity {activity}"


LOG = IncidentLog(
    organisation="Organisation of the helpdesk log",
    states={_state(activity): activity == _LAST_ACTIVITY for activity in _ACTIVITIES},
)


def read_cases(path: Path, clock: datetime) -> list[Incident]:
    """Every case with its activities up to `clock`, in file order; the last one is its state."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as lines:
        return [case for case in _cases(csv.DictReader(lines), clock) if case.events]


def _cases(rows: Iterator[dict[str, str]], clock: datetime) -> Iterator[Incident]:
    for number, activities in groupby(rows, key=lambda row: row["CaseID"]):
        events = [_event(row) for row in activities]
        known = tuple(event for event in events if event.updated_at <= clock)
        yield Incident(number, events[0].updated_at, known)


def _event(row: dict[str, str]) -> Event:
    activity = int(row["ActivityID"])
    return Event(
        # the log names no time zone: its clock is taken as UTC
        updated_at=datetime.fromisoformat(row["CompleteTimestamp"]).replace(tzinfo=UTC),
        state=_state(activity),
        is_closed=activity == _LAST_ACTIVITY,
        subject=f"Case {row['CaseID']}",
    )
