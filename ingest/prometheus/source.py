"""Prometheus 2 and 3: hours of hosts, interfaces and services, exact samples, what it scrapes.

Run alone with ``python -m ingest prometheus``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from ingest.contract import Resource, Row
from ingest.encoded import Typed
from ingest.errors import SourceError
from ingest.prometheus.api import SOURCE, Api
from ingest.prometheus.diagnosis import findings
from ingest.prometheus.hourly import (
    HOSTS,
    INTERFACES,
    MOST_POINTS,
    SERVICES,
    TABLES,
    HourlyTable,
    hourly_count,
    hourly_rows,
    hourly_slices,
    samples_by_hour,
)
from ingest.prometheus.samples import DEFAULT_SELECTORS, SAMPLES, SampleReader
from ingest.prometheus.targets import TARGETS
from ingest.source import Finding, Recountable, pages
from ingest.window import Window, floor, spans

HOUR = timedelta(hours=1)
DEFAULT_RETENTION = timedelta(days=15)
DEFAULT_SAMPLES = timedelta(days=1)
DEFAULT_SCRAPE_INTERVAL_SECONDS = 60
PAGE = 1_000


class Prometheus(Recountable):
    """A Prometheus server, or what speaks its API."""

    name: ClassVar[str] = SOURCE
    resources: ClassVar[tuple[Resource, ...]] = (
        HOSTS.resource,
        INTERFACES.resource,
        SERVICES.resource,
        SAMPLES,
        TARGETS,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.api = Api(settings)
        self.scrape_interval = timedelta(seconds=_scrape_seconds(settings))
        self.expected_samples = HOUR // self.scrape_interval
        self.history_start = _moment(settings, "OPSMART_PROMETHEUS_HISTORY_START")
        self.samples_start = _moment(settings, "OPSMART_PROMETHEUS_SAMPLES_START")
        selectors = settings.get("OPSMART_PROMETHEUS_SELECTORS") or DEFAULT_SELECTORS
        self.sample_reader = SampleReader(
            self.api, [text.strip() for text in selectors.split(";") if text.strip()]
        )

    def clock(self) -> datetime:
        """The server's time; where it scrapes slowly, less what two scrapes take beyond 2 min."""
        slow = max(2 * self.scrape_interval - SAMPLES.margin, timedelta(0))
        return self.api.clock() - slow

    def slices(self, resource: Resource, window: Window) -> Iterable[Window]:
        if resource is TARGETS:
            return [window]
        first = self._start(resource, window)
        if resource is SAMPLES:
            return self.sample_reader.slices(window, first)
        return hourly_slices(self.api, TABLES[resource.name], window, first)

    def read(self, resource: Resource, window: Window) -> Iterator[list[Row] | Typed]:
        if resource is TARGETS:
            yield from pages(self.api.targets(), PAGE)
        elif resource is SAMPLES:
            yield from self._samples(window)
        else:
            yield from self._hours(TABLES[resource.name], window)

    def count(self, resource: Resource, window: Window) -> int | None:
        if resource is TARGETS:
            return len(self.api.targets())
        start = self._start(resource, window)
        if resource is SAMPLES:
            return self.sample_reader.count(start, window.end)
        return hourly_count(self.api, TABLES[resource.name], start, window.end)

    def hourly_counts(self, resource: Resource, window: Window) -> dict[datetime, int]:
        """Whole hours only, and none from before the time the settings begin with."""
        start = self._start(resource, window)
        configured = self.samples_start if resource is SAMPLES else self.history_start
        if configured is not None:
            start = max(start, floor(configured + HOUR - timedelta(microseconds=1), HOUR))
        if start >= window.end:
            return {}
        if resource is SAMPLES:
            return self.sample_reader.count_by_hour(start, window.end)
        return samples_by_hour(self.api, TABLES[resource.name], start, window.end)

    def unavailable(self, resource: Resource) -> str | None:
        if resource is TARGETS and not self.api.offers("targets"):
            return "the server at OPSMART_PROMETHEUS_URL answers queries but lists no targets"
        return None

    def diagnose(self) -> Iterator[Finding]:
        return findings(self.api, self.sample_reader)

    def close(self) -> None:
        self.api.http.close()

    def _start(self, resource: Resource, window: Window) -> datetime:
        """Where a window begins that has no start of its own."""
        if window.start is not None:
            return window.start
        if resource is SAMPLES:
            return self.samples_start or window.end - DEFAULT_SAMPLES
        start = self.history_start or window.end - DEFAULT_RETENTION
        return start.replace(minute=0, second=0, microsecond=0)

    def _hours(self, table: HourlyTable, window: Window) -> Iterator[Typed]:
        first = self._start(table.resource, window)
        for part in spans(window, first, MOST_POINTS * HOUR):
            begin = part.start or first
            for rows in hourly_rows(self.api, table, begin, part.end, self.expected_samples):
                yield Typed(rows)

    def _samples(self, window: Window) -> Iterator[Typed | list[Row]]:
        start = self._start(SAMPLES, window)
        for plain, histograms in self.sample_reader.samples(start, window.end):
            if plain:
                yield Typed(plain)
            if histograms:
                yield histograms


def _scrape_seconds(settings: Mapping[str, str]) -> int:
    text = settings.get("OPSMART_PROMETHEUS_SCRAPE_SECONDS") or str(DEFAULT_SCRAPE_INTERVAL_SECONDS)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 3600:
        raise SourceError(
            SOURCE,
            f"OPSMART_PROMETHEUS_SCRAPE_SECONDS is {text!r}: give whole seconds from 1 to 3600",
        )
    return int(text)


def _moment(settings: Mapping[str, str], name: str) -> datetime | None:
    """A setting's date or time, UTC where it names no offset."""
    text = settings.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise SourceError(
            SOURCE, f"{name} is {text!r}: give an ISO date such as 2026-01-31"
        ) from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC)
