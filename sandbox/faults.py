"""Faults that can be switched on while the sandbox serves, one source at a time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What a source can do to its readers."""

    # of the way to a source over HTTP, see `sandbox.faulty_transport`
    TOO_MANY_REQUESTS = "too_many_requests"
    RETRY_AFTER = "retry_after"
    SERVER_ERROR = "server_error"
    BAD_GATEWAY = "bad_gateway"
    HANG = "hang"
    TRUNCATED = "truncated"
    RESET = "reset"
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    # of its rows, see `sandbox.faulty_estate`
    DUPLICATES = "duplicates"
    REORDERED = "reordered"
    TYPE_CHANGED = "type_changed"
    FIELD_ADDED = "field_added"
    EMPTY = "empty"
    SHRUNK = "shrunk"
    LATE = "late"
    # of a PostgreSQL server, see `sandbox.odoo.faults`
    LOGINS_REFUSED = "logins_refused"
    SESSIONS_ENDED = "sessions_ended"
    LOCKED = "locked"


ROWS = frozenset(
    {
        *(Fault.DUPLICATES, Fault.REORDERED, Fault.TYPE_CHANGED, Fault.FIELD_ADDED),
        *(Fault.EMPTY, Fault.SHRUNK, Fault.LATE),
    }
)
SERVER = frozenset({Fault.LOGINS_REFUSED, Fault.SESSIONS_ENDED, Fault.LOCKED})
TRANSPORT = frozenset(Fault) - ROWS - SERVER
# Wazuh is two services, which fail apart. Only Prometheus is written to after the fact.
OVER_HTTP = ("netbox", "wazuh", "indexer", "thehive", "prometheus")
POSSIBLE = {source: TRANSPORT | ROWS - {Fault.LATE} for source in OVER_HTTP} | {
    "prometheus": TRANSPORT | ROWS,
    # a primary key keeps duplicates out
    "odoo": SERVER | ROWS - {Fault.DUPLICATES, Fault.LATE},
}


@dataclass
class Switched:
    """A fault that is on.

    `after` requests are yet answered well, then `left` are not (None: all until it is lifted).
    """

    fault: Fault
    left: int | None = None
    after: int = 0


class Faults:
    """Which faults are on; one set for all servers of an estate."""

    def __init__(self) -> None:
        self._on: dict[str, list[Switched]] = {source: [] for source in POSSIBLE}

    def switch_on(
        self, source: str, fault: Fault, count: int | None = None, after: int = 0
    ) -> None:
        """Switch a fault on until it is lifted, or for `count` requests `after` so many.

        Raises:
            ValueError: the source does not have this fault, or its requests cannot be counted.
        """
        if fault not in POSSIBLE.get(source, ()):
            raise ValueError(f"{source!r} has no fault {fault.value!r}")
        if fault not in TRANSPORT and (count is not None or after):
            raise ValueError(f"{fault.value!r} is on until it is lifted: it takes no count")
        self._on[source].append(Switched(fault, count, after))

    def lift(self) -> None:
        """Switch everything off."""
        for switched in self._on.values():
            switched.clear()

    def on_rows(self, source: str) -> frozenset[Fault]:
        """The faults its rows have now."""
        return frozenset(switched.fault for switched in self._on[source]) & ROWS

    def on_request(self, source: str) -> Fault | None:
        """The fault of the request that has just come, which is counted; None if it has none."""
        for switched in self._on[source]:
            if switched.fault not in TRANSPORT or switched.left == 0:
                continue
            if switched.after:
                switched.after -= 1
                continue
            if switched.left is not None:
                switched.left -= 1
            return switched.fault
        return None

    def listed(self) -> list[dict[str, str | int | None]]:
        """What is on, for people."""
        return [
            {"source": source, "fault": each.fault, "left": each.left, "after": each.after}
            for source, switched in self._on.items()
            for each in switched
        ]
