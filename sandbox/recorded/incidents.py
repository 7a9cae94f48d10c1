"""Incidents as logs tell them, whoever wrote the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class Event(NamedTuple):
    """The incident as one update left it; None where the log does not know.

    `priority` is Odoo's code; `made_sla` whether the promise is kept so far.
    """

    updated_at: datetime
    state: str
    is_closed: bool
    subject: str
    priority: str | None = None
    made_sla: bool | None = None
    group: int | None = None
    assignee: int | None = None
    caller: int | None = None


class Transition(NamedTuple):
    """A change of state between two consecutive updates."""

    at: datetime
    old: str
    new: str


@dataclass(frozen=True)
class Incident:
    """An incident and its updates (never none) in the order of the log, which decides ties."""

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
            if not event.is_closed:
                closed_at = None
            elif closed_at is None:
                closed_at = event.updated_at
        return closed_at
