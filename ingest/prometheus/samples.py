"""Exact samples of chosen selectors, read so that windows tile: none lost, none doubled.

An instant query of a range, ``selector[d]`` at T, returns samples as they were scraped. Prometheus
3 takes (T - d, T], Prometheus 2 takes [T - d, T]; times are whole milliseconds, so both can be made
to cover exactly [start, end).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec

from ingest.contract import Column, Resource, Row, encode_json
from ingest.errors import SourceError
from ingest.prometheus.api import SOURCE, Api, Series, TooMuch
from ingest.window import Window, spans

DEFAULT_SELECTORS = "up;ALERTS"
MOST_ROWS = 200_000
LONGEST = timedelta(days=1)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
TICK = timedelta(milliseconds=1)

SAMPLES = Resource(
    name="samples",
    kind="event",
    # in this order, because what is looked for is a few series over hours
    key=("metric", "labels_hash", "at"),
    columns=(
        Column("at", "timestamp", required=True),
        Column("metric", "text", required=True),
        Column("labels_hash", "text", required=True),
        Column("labels", "json", required=True),
        Column("value", "double"),
        Column("quality", "text", required=True),
    ),
    changed_at=("at",),
    overlap=timedelta(minutes=10),
    margin=timedelta(minutes=2),
    align=timedelta(seconds=1),
    recount=timedelta(days=2),
    # failed scrapes, above all
    rare="value = 0",
)
QUALITY = {"NaN": "nan", "+Inf": "+inf", "-Inf": "-inf"}

Sample = tuple[datetime, str, str, str, str | None, str]
Samples = tuple[list[Sample], list[Row]]


class SampleReader:
    """Reads the samples of PromQL selectors such as ``up`` or ``ALERTS{severity="page"}``."""

    def __init__(self, api: Api, selectors: list[str]) -> None:
        self.api = api
        self.selectors = selectors

    @cached_property
    def is_left_open(self) -> bool:
        """Whether a range leaves its left end out, told by counting two points a minute apart.

        The behaviour is asked for and not the version: what else speaks PromQL has its own.
        """
        points = "count_over_time(vector(1)[1m:1m])"
        return self.api.number(points, datetime(2020, 1, 1, tzinfo=UTC)) == 1

    def slices(self, window: Window, first: datetime) -> list[Window]:
        """The window in slices of about `MOST_ROWS` samples, by those of its first or last hour."""
        start = window.start or first
        hours = ((start, start + HOUR), (window.end - HOUR, window.end))
        per_hour = max(1, *(self.count(begin, end) for begin, end in hours))
        longest = min(MOST_ROWS / per_hour * HOUR, LONGEST)
        return list(spans(window, first, max(longest // SECOND, 1) * SECOND)) or [window]

    def count(self, start: datetime, end: datetime) -> int:
        """Samples with start <= at < end, counted by Prometheus."""
        return sum(self._counted(selector, start, end) for selector in self.selectors)

    def count_by_hour(self, start: datetime, end: datetime) -> dict[datetime, int]:
        """The same for each hour that begins in [start, end), both whole hours."""
        counts: Counter[datetime] = Counter()
        for selector in self.selectors:
            counts.update(self._counted_by_hour(selector, start, end))
        return counts

    def samples(self, start: datetime, end: datetime) -> Iterator[Samples]:
        """Samples with start <= at < end; those that are native histograms come as rows by name.

        What the server finds too much is asked for in halves.

        Raises:
            SourceError: a single second is too much for the server.
        """
        for selector in self.selectors:
            yield from self._samples(selector, start, end)

    def _counted(self, selector: str, start: datetime, end: datetime) -> int:
        query = f"sum(count_over_time({self._within(selector, start, end)}))"
        try:
            return int(self.api.number(query, end - TICK) or 0)
        except TooMuch as refusal:
            middle = _middle(start, end, refusal)
        return self._counted(selector, start, middle) + self._counted(selector, middle, end)

    def _counted_by_hour(
        self, selector: str, start: datetime, end: datetime
    ) -> dict[datetime, int]:
        query = f"sum(count_over_time({self._within(selector, start, start + HOUR)}))"
        try:
            answer = self.api.range(query, start + HOUR - TICK, end - TICK, 3600)
        except TooMuch:
            hours = (
                (start + n * HOUR, start + (n + 1) * HOUR) for n in range((end - start) // HOUR)
            )
            return {begin: self._counted(selector, begin, until) for begin, until in hours}
        return {
            _moment(point.at) - HOUR + TICK: int(float(point.text))
            for series in answer.series
            for point in series.values
        }

    def _samples(self, selector: str, start: datetime, end: datetime) -> Iterator[Samples]:
        try:
            answer = self.api.instant(self._within(selector, start, end), end - TICK)
        except TooMuch as refusal:
            middle = _middle(start, end, refusal)
            yield from self._samples(selector, start, middle)
            yield from self._samples(selector, middle, end)
            return
        plain: list[Sample] = []
        histograms: list[Row] = []
        for series in answer.series:
            metric, labels_hash, labels = _identity(series)
            for point in series.values:
                quality = QUALITY.get(point.text, "ok")
                value = point.text if quality == "ok" else None
                plain.append((_moment(point.at), metric, labels_hash, labels, value, quality))
            for at, histogram in series.histograms:
                identity = {"at": _moment(at), "metric": metric, "labels_hash": labels_hash}
                kept = {"quality": "histogram", "histogram": msgspec.json.decode(histogram)}
                histograms.append(identity | {"labels": msgspec.json.decode(labels)} | kept)
        yield plain, histograms

    def _within(self, selector: str, start: datetime, end: datetime) -> str:
        """The range that, evaluated a tick before `end`, holds the samples of [start, end)."""
        length = (end - start) // TICK
        return f"{selector}[{length if self.is_left_open else length - 1}ms]"


def _identity(series: Series) -> tuple[str, str, str]:
    """The metric's name, and the hash and the canonical JSON of its other labels."""
    labels = dict(series.metric)
    metric = labels.pop("__name__", "")
    text = encode_json(labels)
    return metric, hashlib.blake2b(text.encode(), digest_size=8).hexdigest(), text


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _middle(start: datetime, end: datetime, refusal: TooMuch) -> datetime:
    seconds = (end - start) // SECOND
    if seconds <= 1:
        raise SourceError(
            SOURCE,
            f"not even one second of samples can be read ({refusal}): narrow "
            "OPSMART_PROMETHEUS_SELECTORS",
        ) from refusal
    return start + seconds // 2 * SECOND
