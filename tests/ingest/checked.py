"""One row through the contract, as a load would take it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from ingest.checking import Checker
from ingest.contract import Key, Resource
from ingest.lines import LineWriter


class Checked(NamedTuple):
    """A row that kept its contract, and what its line says of it."""

    values: Sequence[Any]
    rest: str
    key: Key
    row_hash: str
    changed_at: datetime | None


def checker(resource: Resource) -> Callable[[Any], Checked]:
    """Types single rows; raises Rejected as `Checker.check` does."""
    check, lines = Checker(resource).check, LineWriter(resource).lines

    def checked(row: Any) -> Checked:
        values, rest = check(row)
        (line,) = lines([[value] for value in values], [rest])
        return Checked(values, rest, line.key, line.row_hash, line.changed_at)

    return checked
