"""From pages of a source to one CSV file of the versions that raw does not have yet."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from ingest.contract import Key, Resource
from ingest.csv_lines import instants, quoted
from ingest.known import MET, Known, Version
from ingest.lines import Line, LineWriter
from ingest.pages import PageChecker
from ingest.report import LoadReport, Rejection

MICROSECOND = timedelta(microseconds=1)
# Few enough that what is made of them stays in the processor's cache.
ROWS_AT_ONCE = 250


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
        self._pages = PageChecker(resource)
        self._lines = LineWriter(resource)
        self._load_id = quoted(report.load_id)
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

    def add(self, page: Sequence[Any]) -> None:
        """Check every row of a page; write new versions, keep rejected rows in the report."""
        for start in range(0, len(page), ROWS_AT_ONCE):
            self._add(page[start : start + ROWS_AT_ONCE])

    def delete(self, versions: Iterable[tuple[Any, ...]]) -> None:
        """Write stored versions once more, as deleted at the end of the load's window.

        A version is as `newest_versions` gives it.
        """
        end = self._known_until
        for *values, rest, row_hash, known_at in versions:
            self.report.deleted += 1
            (line,) = self._lines.lines([[value] for value in values], [rest])
            dead = line._replace(row_hash=row_hash)
            self._write([(dead, max(end, known_at + MICROSECOND))], deleted_at=end)

    def _add(self, page: Sequence[Any]) -> None:
        checked = self._pages.check(page)
        self._reject(checked.rejections)
        self.report.received += len(checked.rests) + len(checked.rejections)
        self.report.fields.sample(checked.rests)
        lines = self._lines.lines(checked.columns, checked.rests)
        known = self.known.of([line.key for line in lines])
        news = self._new_versions if self.resource.is_versioned else self._new_events
        self._write(news(lines, known))

    def _reject(self, rejections: list[Rejection]) -> None:
        self.report.rejected += len(rejections)
        self.report.rejections += rejections
        for _, cause, key in rejections:
            self.met.rejected.add(key)
            self.report.fields.rejected(cause.field, cause.found)

    def _new_events(
        self, lines: list[Line], known: dict[Key, Version]
    ) -> list[tuple[Line, datetime]]:
        """Those whose key raw does not have, each with since when it is known."""
        seen, new = self.met.versions, []
        for line in lines:
            key = line.key
            if key in seen:
                self.report.duplicate += 1
                continue
            seen[key] = MET
            if key in known:
                self.report.unchanged += 1
            else:
                new.append((line, self._known_at(line.changed_at)))
        self.report.new += len(new)
        return new

    def _new_versions(
        self, lines: list[Line], known: dict[Key, Version]
    ) -> list[tuple[Line, datetime]]:
        """Those whose hash is not that of the newest version of their key."""
        report, seen, new = self.report, self.met.versions, []
        for line in lines:
            previous, stored = seen.get(line.key), known.get(line.key)
            newest = previous or stored
            known_at = self._known_at(line.changed_at)
            if newest is None:
                report.new += 1
            else:
                # of two states the one that came later is the newer, also at one as_of
                known_at = max(known_at, newest.known_at + MICROSECOND)
                if newest.row_hash == line.row_hash:
                    report.duplicate += previous is not None
                    report.unchanged += previous is None
                    seen.setdefault(line.key, Version(line.row_hash, known_at))
                    continue
                report.changed += 1
            seen[line.key] = Version(line.row_hash, known_at)
            new.append((line, known_at))
        return new

    def _known_at(self, changed_at: datetime | None) -> datetime:
        """The end of the load's window; for history fetched by a first load, the source's own time.

        A source whose clock runs ahead of as_of cannot make a row known later than it was read.
        """
        end = self._known_until
        return min(changed_at, end) if self._is_backfill and changed_at else end

    def _write(
        self, versions: Sequence[tuple[Line, datetime]], deleted_at: datetime | None = None
    ) -> None:
        """Write lines, each with since when it is known, and the rest of METADATA_COLUMNS."""
        is_backfilled = "t" if self._is_backfill and deleted_at is None else "f"
        ending = f"{is_backfilled},{instants([deleted_at])[0]}\n"
        moments = instants([known_at for _, known_at in versions])
        self._file.writelines(
            f'{line.fields},"{line.row_hash}",{self._load_id},{moment},{ending}'
            for (line, _), moment in zip(versions, moments, strict=True)
        )
