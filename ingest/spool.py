"""From pages of a source to one CSV file of the versions that raw does not have yet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self

from ingest.contract import CheckedRow, Rejected, Resource, Row, check
from ingest.errors import SourceError
from ingest.known import Key
from ingest.report import LoadReport

# A snapshot that lost more than this share of its keys is taken for a fault of the source.
LARGEST_SHRINK = 0.2
SMALLEST_GUARDED = 10


class _Version(NamedTuple):
    row_hash: str
    known_at: datetime


class Spool:
    """Writes what is new of one resource to `path`; `report` counts what came on the way."""

    def __init__(
        self,
        resource: Resource,
        report: LoadReport,
        known: dict[Key, str | None],
        path: Path,
        is_backfill: bool,
    ) -> None:
        self.resource = resource
        self.report = report
        self.known = known
        self.path = path
        self.is_backfill = is_backfill
        self.seen: dict[Key, _Version] = {}

    def __enter__(self) -> Self:
        self.file = self.path.open("w", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file)
        self.writer.writerow(self.resource.column_types)
        return self

    def __exit__(self, *exception: object) -> None:
        self.file.close()
        self.report.bytes = self.path.stat().st_size

    def add(self, page: list[Row]) -> None:
        """Check every row of a page; write new versions, keep rejected rows in the report."""
        self.writer.writerows(self._new_versions(page))

    def missing(self) -> list[Key]:
        """Keys alive in raw that a whole snapshot did not list.

        Raises:
            SourceError: so many are missing that the source rather than the world must be at fault.
        """
        alive = [key for key, row_hash in self.known.items() if row_hash is not None]
        missing = [key for key in alive if key not in self.seen]
        if len(alive) >= SMALLEST_GUARDED and len(missing) > LARGEST_SHRINK * len(alive):
            raise SourceError(
                self.report.source,
                f"{self.resource.name} would shrink from {len(alive)} to "
                f"{len(alive) - len(missing)} rows, nothing was changed: "
                "check the rights of the account that reads it",
            )
        return missing

    def delete(self, versions: list[dict[str, Any]]) -> None:
        """Write stored versions once more, as deleted at the end of the window."""
        end = self.report.window.end
        for version in versions:
            self.report.deleted += 1
            row = version | {
                "_load_id": self.report.load_id,
                "_known_at": end,
                "_is_backfilled": False,
                "_deleted_at": end,
            }
            self.writer.writerow([_as_csv(value) for value in row.values()])

    def _new_versions(self, page: list[Row]) -> Iterator[list[Any]]:
        report = self.report
        for row in page:
            report.received += 1
            try:
                checked = check(self.resource, row)
            except Rejected as rejected:
                report.rejected += 1
                report.rejections.append((row, rejected))
                continue
            previous = self.seen.get(checked.key)
            known_at = self._known_at(checked.changed_at)
            if previous is not None:
                # of two states in one load the one that came later is the newer
                known_at = max(known_at, previous.known_at + timedelta(microseconds=1))
            is_new = self._count(checked, previous)
            if is_new or previous is None:
                self.seen[checked.key] = _Version(checked.row_hash, known_at)
            if is_new:
                yield self._line(checked, known_at)

    def _count(self, checked: CheckedRow, previous: _Version | None) -> bool:
        """Count an accepted row and tell whether raw gets it.

        An event is told by its key alone, a version of an entity by its hash.
        """
        report, key = self.report, checked.key
        if previous is None and key not in self.known:
            report.new += 1
            return True
        if self.resource.kind == "event":
            report.duplicate += 1
            return False
        if previous is not None and previous.row_hash == checked.row_hash:
            report.duplicate += 1
            return False
        if previous is None and self.known[key] == checked.row_hash:
            report.unchanged += 1
            return False
        report.changed += 1
        return True

    def _known_at(self, changed_at: datetime | None) -> datetime:
        """The end of the load's window; for history fetched by a first load, the source's own time.

        A source whose clock runs ahead of as_of cannot make a row known later than it was read.
        """
        end = self.report.window.end
        return min(changed_at, end) if self.is_backfill and changed_at else end

    def _line(self, checked: CheckedRow, known_at: datetime) -> list[Any]:
        return [
            *map(_as_csv, checked.values),
            checked.rest,
            checked.row_hash,
            self.report.load_id,
            _as_csv(known_at),
            _as_csv(self.is_backfill),
            None,
        ]


def _as_csv(value: Any) -> Any:
    """What csv writes as str() is also what PostgreSQL reads, times and booleans apart."""
    if type(value) is datetime:
        return value.isoformat()
    if value is True or value is False:
        return "t" if value else "f"
    return value
