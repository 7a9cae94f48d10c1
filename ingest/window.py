"""The frozen window every load works in, and the slices a long one is cut into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

SHORTEST_SLICE = timedelta(seconds=1)


@dataclass(frozen=True)
class Window:
    """Half-open interval [start, end) of aware UTC datetimes.

    `start` is None where all is taken that the source still has. `is_backfill`: the window belongs
    to the first load of a resource, so its rows were known when the source says, not when read.
    """

    start: datetime | None
    end: datetime
    is_backfill: bool = False


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
        end = floor(end, align)
        start = None if start is None else floor(start, align)
    return Window(start, end, is_backfill=start is None)


def halved(window: Window, first: datetime | None, most: int, count: Count) -> Iterator[Window]:
    """Cut a window in time order until the source counts at most `most` rows in every slice.

    `first` is the source's oldest row (None: it has none), the left end of what can be cut; the
    first slice keeps an open start. A slice is not cut below a second, however many rows it has.
    """
    begin = window.start or first
    if begin is None or window.end - begin <= SHORTEST_SLICE or count(window) <= most:
        yield window
        return
    middle = (begin + (window.end - begin) / 2).replace(microsecond=0)
    if not begin < middle < window.end:
        yield window
        return
    yield from halved(replace(window, end=middle), first, most, count)
    yield from halved(replace(window, start=middle), first, most, count)


def spans(window: Window, first: datetime, longest: timedelta) -> Iterator[Window]:
    """Cut a window in time order into slices of at most `longest`, beginning at `first`."""
    start = window.start or first
    while start < window.end:
        end = min(start + longest, window.end)
        yield replace(window, start=start, end=end)
        start = end


def floor(moment: datetime, step: timedelta) -> datetime:
    """`moment` cut down to a whole multiple of `step` since the epoch."""
    return moment - timedelta(seconds=moment.timestamp() % step.total_seconds())


Count = Callable[[Window], int]
