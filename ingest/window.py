"""The frozen window every load works in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Window:
    """Half-open interval [start, end) of aware UTC datetimes.

    `start` is None on the first load of a resource, which takes all the source still has.
    """

    start: datetime | None
    end: datetime

    @property
    def is_backfill(self) -> bool:
        return self.start is None


def next_window(
    cursor: datetime | None,
    horizon: datetime,
    *,
    overlap: timedelta,
    margin: timedelta,
    align: timedelta | None = None,
) -> Window:
    """The window after `cursor` (the end of the last window that landed whole).

    `horizon` is the earlier of as_of and the source's own clock. The margin keeps clear of rows
    still being committed, the overlap re-reads what may have been committed late. With `align` both
    ends are cut down to whole multiples of it since the epoch.
    """
    end = horizon - margin
    start = None if cursor is None else min(cursor, end) - overlap
    if align is not None:
        end = _floor(end, align)
        start = None if start is None else _floor(start, align)
    return Window(start, end)


def _floor(moment: datetime, step: timedelta) -> datetime:
    return moment - timedelta(seconds=moment.timestamp() % step.total_seconds())
