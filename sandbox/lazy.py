"""Rows that are too many to hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sandbox.estate import Row


class LazyRows:
    """Rows worked out anew whenever they are gone through."""

    def __init__(self, work_out: Callable[[], Iterator[Row]]) -> None:
        self.work_out = work_out

    def __iter__(self) -> Iterator[Row]:
        return self.work_out()
