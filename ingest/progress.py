"""How far a long load is, said every few seconds with rate and time left."""

from __future__ import annotations

import time
from collections.abc import Callable

Say = Callable[[str], None]
SECONDS_BETWEEN = 5.0


class Progress:
    """Counts the rows of one resource; short loads say nothing.

    `expected` asks the source how many rows to expect (None: unknown) and is called once, if the
    load takes long enough to be spoken of.
    """

    def __init__(self, name: str, say: Say | None, expected: Callable[[], int | None]) -> None:
        self._name = name
        self._say = say
        self._ask = expected
        self._expected: int | None = None
        self._has_asked = False
        self._rows = 0
        self._started = self._said = time.monotonic()

    def add(self, rows: int) -> None:
        self._rows += rows
        now = time.monotonic()
        if self._say and now - self._said >= SECONDS_BETWEEN:
            self._said = now
            self._say(self._line(now - self._started))

    def _line(self, seconds: float) -> str:
        if not self._has_asked:
            self._has_asked = True
            self._expected = self._ask()
        rate = self._rows / seconds
        line = f"{self._name}: {self._rows:,} rows, {rate:,.0f} rows/s"
        if self._expected and self._expected > self._rows:
            left = (self._expected - self._rows) / rate
            line += f", {self._rows / self._expected:.0%}, about {left:,.0f} s left"
        return line
