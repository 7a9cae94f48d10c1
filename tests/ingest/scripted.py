"""A source whose rows a test writes down, without any protocol in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from ingest.contract import Column, Key, Resource
from ingest.source import Finding, Recountable, Sweepable, pages
from ingest.window import Window, floor, halved

HOUR = timedelta(hours=1)
THINGS = Resource(
    name="things",
    kind="entity",
    key=("id",),
    columns=(
        Column("id", "bigint", required=True),
        Column("name", "text"),
        Column("touched", "timestamp", volatile=True),
    ),
    changed_at=("touched",),
    overlap=timedelta(minutes=15),
    margin=timedelta(minutes=2),
    sweep_every=timedelta(days=1),
)
HAPPENINGS = Resource(
    name="happenings",
    kind="event",
    key=("id",),
    columns=(
        Column("id", "bigint", required=True),
        Column("at", "timestamp", required=True),
        Column("what", "text"),
    ),
    changed_at=("at",),
    overlap=timedelta(minutes=30),
    margin=timedelta(seconds=10),
    recount=timedelta(days=7),
)
Row = dict[str, Any]


class Scripted(Sweepable, Recountable):
    """Entities (`things`) and events (`happenings`) as they are now; a test changes them.

    `gone` is what its changelog says was deleted. `deliver` stands between the rows of a window and
    their pages, `before_page` is called before each page: there a test breaks what it likes.
    """

    name: ClassVar[str] = "scripted"
    resources: ClassVar[tuple[Resource, ...]] = (THINGS, HAPPENINGS)

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.rows: dict[str, list[Row]] = {"things": [], "happenings": []}
        self.gone: list[tuple[Key, datetime]] = []
        self.page_size = 2
        self.rows_per_slice = 4
        self.deliver: Callable[[list[Row]], list[Row]] = lambda rows: rows
        self.before_page: Callable[[], None] = lambda: None

    def clock(self) -> datetime:
        return self.now

    def read(self, resource: Resource, window: Window) -> Iterator[list[Any]]:
        for page in pages(self.deliver(self._within(resource, window)), self.page_size):
            self.before_page()
            yield page

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        if resource.kind == "entity":
            return [window]
        first = min((_time(resource, row) for row in self.rows[resource.name]), default=None)

        def count(part: Window) -> int:
            return len(self._within(resource, part))

        return halved(window, first, self.rows_per_slice, count)

    def count(self, resource: Resource, window: Window) -> int | None:
        everything = replace(window, start=None)
        return len(self._within(resource, window if resource.kind == "event" else everything))

    def deleted(self, resource: Resource, window: Window) -> Iterator[list[Key]]:
        if window.start is not None and resource.kind == "entity":
            yield [key for key, at in self.gone if at >= window.start]

    def keys(self, resource: Resource) -> Iterator[list[Key]]:
        yield [tuple(row[name] for name in resource.key) for row in self.rows[resource.name]]

    def hourly_counts(self, resource: Resource, window: Window) -> dict[datetime, int]:
        counts: dict[datetime, int] = {}
        for row in self._within(resource, window):
            hour = floor(_time(resource, row), HOUR)
            counts[hour] = counts.get(hour, 0) + 1
        return counts

    def diagnose(self) -> Iterator[Finding]:
        yield Finding("address", is_ok=True, text="scripted")

    def close(self) -> None:
        """Nothing is held."""

    def _within(self, resource: Resource, window: Window) -> list[Row]:
        rows = [
            row
            for row in self.rows[resource.name]
            if _time(resource, row) < window.end
            and (window.start is None or _time(resource, row) >= window.start)
        ]
        return sorted(rows, key=lambda row: (_time(resource, row), row["id"]))


def _time(resource: Resource, row: Row) -> datetime:
    moment: datetime = row[resource.changed_at[0]]
    return moment
