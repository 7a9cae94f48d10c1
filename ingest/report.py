"""What one load did with one slice of one resource."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from ingest.checking import Rejected
from ingest.contract import Key
from ingest.drift import FieldTypes
from ingest.window import Window


class Rejection(NamedTuple):
    """A row that broke its contract, and its key if that is whole."""

    payload: Any
    cause: Rejected
    key: Key | None


@dataclass
class LoadReport:
    """One resource in one load. received = accepted + rejected;
    accepted = new + changed + unchanged + duplicate.

    `unchanged` came in an earlier load already, `duplicate` came twice in this one. `deleted`
    counts versions added for keys that are gone, which were not received. `seconds` is the time
    from asking for the first page to the last line of the file.
    """

    load_id: str
    source: str
    resource: str
    as_of: datetime
    window: Window
    received: int = 0
    rejected: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    duplicate: int = 0
    deleted: int = 0
    bytes: int = 0
    seconds: float = 0.0
    source_count: int | None = None
    skipped: str | None = None
    rejections: list[Rejection] = field(default_factory=list)
    fields: FieldTypes = field(default_factory=FieldTypes)

    @property
    def accepted(self) -> int:
        return self.new + self.changed + self.unchanged + self.duplicate

    @property
    def written(self) -> int:
        """Rows added to raw."""
        return self.new + self.changed + self.deleted

    @property
    def rows_per_second(self) -> float:
        """Rows received, read, checked and written to their file."""
        return self.received / self.seconds if self.seconds else 0.0


def total(reports: list[LoadReport]) -> LoadReport:
    """The slices of one resource, in time order, as one."""
    first, last = reports[0], reports[-1]
    counted = ("received", "rejected", "new", "changed", "unchanged", "duplicate", "deleted")
    sums = {name: sum(getattr(report, name) for report in reports) for name in counted}
    return replace(
        first,
        load_id=last.load_id,
        window=replace(last.window, start=first.window.start),
        bytes=sum(report.bytes for report in reports),
        # where there are several slices, each is compared by itself
        source_count=first.source_count if len(reports) == 1 else None,
        seconds=sum(report.seconds for report in reports),
        **sums,
    )
