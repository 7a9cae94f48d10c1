"""From pages of a source to one CSV file of the versions that raw does not have yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Self

from ingest.checking import CheckedRow, Checker, Rejected
from ingest.contract import Key, Resource
from ingest.csv_lines import LineWriter, instant, quoted
from ingest.encoded import Typed
from ingest.known import MET, Known, Version
from ingest.report import LoadReport, Rejection

MICROSECOND = timedelta(microseconds=1)


class _Accepted(NamedTuple):
    """What is kept of an accepted row while its page is looked up: no objects for the collector."""

    key: Key
    fields: str
    row_hash: str
    changed_at: datetime | None


@dataclass
class Met:
    """The keys a load has met so far; slices of one window share it where a key could come back.

    `rejected` are keys of broken rows, which exist all the same; None for one whose key is broken.
    `gone` are keys found to be deleted.
    """

    versions: dict[Key, Version] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)
    rejected: set[Key | None] = field(default_factory=set)


class Spool:
    """Writes what is new of one slice to `path`; `report` counts what came on the way.

    `known_until` is the end of the whole window that is read, of which the slice is a part.
    """

    def __init__(
        self,
        resource: Resource,
        report: LoadReport,
        known: Known,
        path: Path,
        met: Met,
        known_until: datetime,
    ) -> None:
        self.resource = resource
        self.report = report
        self.known = known
        self.path = path
        self.met = met
        self._known_until = known_until
        self._checker = Checker(resource)
        types = [column.type for column in resource.columns]
        self._values = LineWriter(types)
        self._load_id = quoted(report.load_id)
        self._is_versioned = resource.is_versioned
        self._is_backfill = report.window.is_backfill

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self._file = self.path.open("w", encoding="utf-8", newline="")
        self._file.write(",".join(self.resource.column_types) + "\n")
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()
        self.report.bytes = self.path.stat().st_size
        self.report.seconds = time.monotonic() - self._started

    def add(self, page: Sequence[Any] | Typed) -> None:
        """Check every row of a page; write new versions, keep rejected rows in the report."""
        if isinstance(page, Typed):
            checked = list(self._accepted(page.rows, self._checker.keyed))
        else:
            checked = list(self._accepted(page, self._checker.check))
        known = self.known.of([row.key for row in checked])
        self._file.writelines(self._new_versions(checked, known))

    def delete(self, versions: Iterable[tuple[Any, ...]]) -> None:
        """Write stored versions once more, as deleted at the end of the load's window.

        A version is as `newest_versions` gives it.
        """
        end = self._known_until
        for *values, rest, row_hash, known_at in versions:
            self.report.deleted += 1
            fields = self._fields(values, rest, row_hash)
            self._file.write(self._line(fields, max(end, known_at + MICROSECOND), deleted_at=end))

    def _accepted(
        self, rows: Sequence[Any], check: Callable[[Any], CheckedRow]
    ) -> Iterator[_Accepted]:
        report, drift = self.report, self.report.fields
        for row in rows:
            report.received += 1
            try:
                checked = check(row)
            except Rejected as rejected:
                report.rejected += 1
                key = self._checker.key_of(row)
                report.rejections.append(Rejection(self._checker.payload(row), rejected, key))
                self.met.rejected.add(key)
                drift.rejected(rejected.field, rejected.found)
                continue
            drift.sample(checked.remainder)
            fields = self._fields(checked.values, checked.rest, checked.row_hash)
            yield _Accepted(checked.key, fields, checked.row_hash, checked.changed_at)

    def _new_versions(self, rows: list[_Accepted], known: dict[Key, Version]) -> Iterator[str]:
        seen = self.met.versions
        for row in rows:
            previous, stored = seen.get(row.key), known.get(row.key)
            newest = previous or stored
            known_at = self._known_at(row.changed_at)
            if newest is not None and self._is_versioned:
                # of two states the one that came later is the newer, also at one as_of
                known_at = max(known_at, newest.known_at + MICROSECOND)
            is_new = self._count(row, previous, stored)
            if is_new or previous is None:
                seen[row.key] = Version(row.row_hash, known_at) if self._is_versioned else MET
            if is_new:
                yield self._line(row.fields, known_at)

    def _count(self, row: _Accepted, previous: Version | None, stored: Version | None) -> bool:
        """Count an accepted row and tell whether raw gets it.

        An event is told by its key alone, a version of anything else by its hash.
        """
        report = self.report
        newest = previous or stored
        if newest is None:
            report.new += 1
            return True
        if self._is_versioned and newest.row_hash != row.row_hash:
            report.changed += 1
            return True
        if previous is not None:
            report.duplicate += 1
        else:
            report.unchanged += 1
        return False

    def _known_at(self, changed_at: datetime | None) -> datetime:
        """The end of the load's window; for history fetched by a first load, the source's own time.

        A source whose clock runs ahead of as_of cannot make a row known later than it was read.
        """
        end = self._known_until
        return min(changed_at, end) if self._is_backfill and changed_at else end

    def _fields(self, values: Sequence[Any], rest: str, row_hash: str) -> str:
        """A line as far as the row itself determines it."""
        return f'{self._values.fields(values)},{quoted(rest)},"{row_hash}"'

    def _line(self, fields: str, known_at: datetime, deleted_at: datetime | None = None) -> str:
        """The line with the rest of METADATA_COLUMNS."""
        is_backfilled = "t" if self._is_backfill and deleted_at is None else "f"
        ending = instant(deleted_at) if deleted_at else ""
        return f"{fields},{self._load_id},{instant(known_at)},{is_backfilled},{ending}\n"
