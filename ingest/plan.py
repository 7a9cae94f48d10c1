"""Where the rows of a load come from and which window they are for: the source, or quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from ingest.contract import Resource, Row
from ingest.errors import SourceError
from ingest.quarantine import OpenRows
from ingest.report import LoadReport
from ingest.source import Source
from ingest.window import Window, next_window

State = dict[str, str]


class Plan(Protocol):
    """What differs between loading a source and replaying its quarantine."""

    def window(self, resource: Resource, state: State) -> Window:
        """The window a resource is read in, from its state."""

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        """Pages of rows."""

    def is_backfill(self, window: Window) -> bool:
        """Whether rows were known when the source says, rather than by this load."""

    def lists_everything(self, resource: Resource) -> bool:
        """Whether a key that did not come was deleted."""

    def judge(self, report: LoadReport) -> None:
        """Raise SourceError if what came must not be believed."""

    def landed(self, resource: Resource, window: Window, state: State) -> None:
        """Remember in the state, which lands with the rows, what need not be read again."""


class SourcePlan:
    """From the cursor (less the overlap) to the horizon (less the margin), read from the source.

    The horizon is the earlier of as_of and the source's own clock, aware UTC.
    """

    def __init__(self, source: Source, horizon: datetime) -> None:
        self.source = source
        self.horizon = horizon

    def window(self, resource: Resource, state: State) -> Window:
        return next_window(
            _cursor(state),
            self.horizon,
            overlap=resource.overlap,
            margin=resource.margin,
            align=resource.align,
        )

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        return self.source.read(resource, window)

    def is_backfill(self, window: Window) -> bool:
        return window.start is None

    def lists_everything(self, resource: Resource) -> bool:
        return resource.is_snapshot

    def judge(self, report: LoadReport) -> None:
        if report.received and not report.accepted:
            raise SourceError(
                report.source,
                f"all {report.received} rows of {report.resource} break the contract "
                f"({report.rejections[0][1]}): nothing was loaded, "
                "compare the source's version with the supported ones",
            )

    def landed(self, resource: Resource, window: Window, state: State) -> None:
        # an as_of in the past re-reads, but never takes the cursor back
        state["cursor"] = max(window.end, _cursor(state) or window.end).isoformat()


class ReplayPlan:
    """Open rows of quarantine, whatever their time; they become known at `as_of` (aware UTC)."""

    def __init__(self, rows: OpenRows, as_of: datetime) -> None:
        self.rows = rows
        self.as_of = as_of

    def window(self, resource: Resource, state: State) -> Window:
        return Window(None, self.as_of)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row]]:
        return self.rows.pages(resource)

    def is_backfill(self, window: Window) -> bool:
        return False

    def lists_everything(self, resource: Resource) -> bool:
        return False

    def judge(self, report: LoadReport) -> None:
        """Rows that still break the contract stay in quarantine."""

    def landed(self, resource: Resource, window: Window, state: State) -> None:
        """The source's cursor does not move."""


def _cursor(state: State) -> datetime | None:
    cursor = state.get("cursor")
    return datetime.fromisoformat(cursor) if cursor else None
