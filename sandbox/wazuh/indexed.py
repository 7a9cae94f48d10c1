"""The documents of the sandboxed indexer, and reading them in order from a point in time."""

from __future__ import annotations

import zlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
import numpy as np

from sandbox.estate import Estate, Row
from sandbox.wazuh.alert_query import (
    ALWAYS,
    EPOCH,
    MILLISECOND,
    SortKey,
    Window,
    key_of_values,
    sort_values,
)

HOUR_MILLIS = 3_600_000
DAY = timedelta(days=1)
# Days of hits a point in time keeps at hand; a page rarely spans more.
DAYS_KEPT = 2
EVENTS = {"wazuh-alerts-4.x-*": "alerts", "wazuh-archives-*": "archives"}
VULNERABILITIES = "wazuh-states-vulnerabilities-*"
Ordered = tuple[list[SortKey], list[msgspec.Raw]]


@dataclass
class IndexerBehaviour:
    """How this indexer behaves; may be changed while it is served.

    duplicate_every: one document in so many is there twice, with another ``_id``, as after a
        re-read of the alerts' file; 0 for none.
    late_every, late_by: one event in so many is seen only so long after its ``@timestamp``; 0 for
        none.
    failed_shards: so many shards fail, with HTTP 200.
    lost_points: so many searches yet find their point in time gone.
    absent: patterns without any index.
    denied: patterns the account may not read.
    """

    duplicate_every: int = 0
    late_every: int = 0
    late_by: timedelta = timedelta(hours=2)
    failed_shards: int = 0
    lost_points: int = 0
    absent: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


class Reader:
    """One index pattern as of a moment; it stays as it was while the estate moves on."""

    def __init__(self, estate: Estate, behaviour: IndexerBehaviour, pattern: str) -> None:
        self.is_timed = pattern in EVENTS
        self._kind = EVENTS.get(pattern, "")
        self._estate = estate
        self._behaviour = behaviour
        self._clock = estate.clock
        self._piece = lru_cache(maxsize=DAYS_KEPT)(self._ordered)

    def page(
        self, window: Window, fields: tuple[str, ...], size: int, after: SortKey | None
    ) -> list[msgspec.Raw]:
        """The first `size` hits of a window behind a key, each with its sort values."""
        start, end = window
        if after is not None and self.is_timed:
            start = max(start, EPOCH + after[1] * MILLISECOND)
        found: list[msgspec.Raw] = []
        for piece in self._pieces((start, end)):
            keys, hits = self._piece(piece, fields)
            first, last = 0, len(keys)
            if self.is_timed:
                first, last = _place(keys, start), _place(keys, end)
            if after is not None:
                first = max(first, bisect_right(keys, after))
            found += hits[first : min(last, first + size - len(found))]
            if len(found) >= size:
                break
        return found

    def count(self, window: Window) -> int:
        """How many documents a window has."""
        if window[0] >= window[1]:
            return 0
        return sum(self.hours(window).values()) if self.is_timed else len(self._seen_all(window))

    def hours(self, window: Window) -> dict[int, int]:
        """How many events each hour of a window has, by the epoch milliseconds of its start."""
        start, end = window[0], min(window[1], self._clock)
        if start >= end:
            return {}
        if self._behaviour.duplicate_every or self._behaviour.late_every:
            stamps = (
                sort_values(hit["_source"], ("@timestamp",))[0]
                for piece in self._pieces(window)
                for hit in self._seen_all((max(start, piece[0]), min(end, piece[1])))
            )
            return Counter(stamp // HOUR_MILLIS * HOUR_MILLIS for stamp in stamps)
        times = self._estate.wazuh_times(self._kind, start, end)
        hours, counts = np.unique(times // HOUR_MILLIS * HOUR_MILLIS, return_counts=True)
        return dict(zip(hours.tolist(), counts.tolist(), strict=True))

    def _pieces(self, window: Window) -> Iterator[Window]:
        """UTC days from the first event of a window on; state is one piece."""
        if not self.is_timed:
            yield ALWAYS
            return
        start, end = window[0], min(window[1], self._clock)
        if start >= end:
            return
        times = self._estate.wazuh_times(self._kind, start, end)
        if times.size == 0:
            return
        first = EPOCH + int(times[0]) * MILLISECOND
        begin = first - (first - EPOCH) % DAY
        while begin < end:
            yield begin, min(begin + DAY, self._clock)
            begin += DAY

    def _ordered(self, piece: Window, fields: tuple[str, ...]) -> Ordered:
        """The hits of a piece in order, encoded, with their keys."""
        keyed = []
        for hit in self._seen_all(piece):
            values = sort_values(hit["_source"], fields)
            keyed.append((key_of_values(values, fields), hit, values))
        keyed.sort(key=lambda entry: entry[0])
        encode = msgspec.json.Encoder().encode
        return (
            [key for key, _, _ in keyed],
            [
                msgspec.Raw(encode(hit | {"_score": None, "sort": values}))
                for _, hit, values in keyed
            ],
        )

    def _seen_all(self, window: Window) -> list[Row]:
        start, end = window
        if not self.is_timed:
            documents = self._estate.wazuh("vulnerabilities") or []
        elif self._kind == "alerts":
            documents = self._estate.wazuh_alerts(start, end)
        else:
            documents = self._estate.wazuh_archives(start, end)
        ways = self._behaviour
        if not ways.duplicate_every and not ways.late_every:
            return documents
        return [seen for hit in documents for seen in self._seen(hit)]

    def _seen(self, hit: Row) -> Iterator[Row]:
        """The document once, twice or not yet."""
        ways, number = self._behaviour, zlib.crc32(hit["_id"].encode())
        if self.is_timed and ways.late_every and number % ways.late_every == 0:
            at = datetime.fromisoformat(hit["_source"]["@timestamp"])
            if at + ways.late_by > self._clock:
                return
        yield hit
        if ways.duplicate_every and number % ways.duplicate_every == 1 % ways.duplicate_every:
            yield hit | {"_id": hit["_id"][::-1]}


def _place(keys: list[SortKey], moment: datetime) -> int:
    """Where the hits at or after a moment begin."""
    millis = -((EPOCH - moment) // MILLISECOND)
    return bisect_left(keys, (False, millis))
