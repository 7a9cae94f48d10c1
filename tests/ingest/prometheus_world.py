"""A Prometheus of a world a test writes down, read by the product's own source."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np

from ingest.contract import Resource
from ingest.encoded import Typed
from ingest.prometheus import Prometheus
from ingest.window import Window
from sandbox.estate import RawSeries, Row, Series
from sandbox.prometheus.api import Behaviour, prometheus_app
from sandbox.web import SourceClock
from tests.sandbox.serving import served
from tests.worlds import NOON, World

LATER = NOON + timedelta(hours=4)
NOON_SECONDS = int(NOON.timestamp())
NOON_MILLIS = 1000 * NOON_SECONDS


@contextmanager
def opened(
    world: World, behaviour: Behaviour | None = None, /, **settings: str
) -> Iterator[Prometheus]:
    """The source over a served world; settings are named without ``OPSMART_PROMETHEUS_``."""
    with served(SourceClock(prometheus_app(world, behaviour), world)) as url:
        named = {f"OPSMART_PROMETHEUS_{name}": value for name, value in settings.items()}
        source = Prometheus({"OPSMART_PROMETHEUS_URL": url} | named)
        try:
            yield source
        finally:
            source.close()


def read(source: Prometheus, resource: Resource, window: Window) -> list[Row]:
    """Every row of a window, slice by slice, by column name; a value of None is left out."""
    rows: list[Row] = []
    for part in source.slices(resource, window):
        for page in source.read(resource, part):
            rows += by_name(resource, page) if isinstance(page, Typed) else page
    return rows


def by_name(resource: Resource, page: Typed) -> list[Row]:
    names = [column.name for column in resource.columns]
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None}
        for row in page.rows
    ]


def hourly(instance: str, values: dict[int, float], interface: str = "") -> Series:
    """Values by the hour they describe, counted from noon."""
    ends = [NOON_SECONDS + 3600 * (hour + 1) for hour in values]
    return Series(instance, np.array(ends), np.array(list(values.values())), interface)


def sampled(samples: Sequence[tuple[int, float]], **labels: str) -> RawSeries:
    """Samples by the milliseconds they were scraped after noon; ``metric`` names the metric."""
    named: dict[str, Any] = {"__name__": labels.pop("metric", "up")} | labels
    at = np.array([NOON_MILLIS + millis for millis, _ in samples], dtype=np.int64)
    return RawSeries(named, at, np.array([value for _, value in samples], dtype=np.float64))


def three_hours() -> tuple[World, Window]:
    """Two hosts in three hours, one of them with a gap and values that are none."""
    whole, broken = "web-01:9100", "db-01:9100"
    world = World(
        clock=LATER,
        metrics={
            "samples": [
                hourly(whole, {0: 60, 1: 60, 2: 58}),
                hourly(broken, {0: 60, 2: 60}),
            ],
            "cpu_avg_pct": [
                hourly(whole, {0: 12.5, 1: 0.1, 2: 100}),
                hourly(broken, {0: math.nan, 2: math.inf}),
            ],
        },
    )
    return world, Window(NOON, NOON + timedelta(hours=3))
