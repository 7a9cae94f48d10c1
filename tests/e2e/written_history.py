"""Series a test writes for Prometheus, and its arithmetic worked out anew.

Functions take epoch seconds and follow version 2: a range holds both its ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
LOOKBACK = 300.0


@dataclass(frozen=True)
class Written:
    """One series; `at` epoch milliseconds, ascending; `texts` values as they are written."""

    name: str
    labels: dict[str, str]
    at: list[int]
    texts: list[str]

    @property
    def selector(self) -> str:
        labels = ",".join(f"{name}={json.dumps(value)}" for name, value in self.labels.items())
        return f"{self.name}{{{labels}}}"

    def lines(self) -> Iterator[tuple[str, str]]:
        for at, text in zip(self.at, self.texts, strict=True):
            yield f"{at // 1000}.{at % 1000:03}", text

    @property
    def seconds(self) -> Floats:
        return np.array(self.at) / 1000

    @property
    def values(self) -> Floats:
        return np.array([float(text) for text in self.texts])


def within(series: Written, length: float, at: float) -> tuple[Floats, Floats]:
    """Times and values in [at - length, at]."""
    seconds = series.seconds
    chosen = (seconds >= at - length) & (seconds <= at)
    return seconds[chosen], series.values[chosen]


def newest(series: Written, at: float) -> float:
    """The value an instant query sees; NaN if there was none for five minutes."""
    _, values = within(series, LOOKBACK, at)
    return float(values[-1]) if len(values) else np.nan


def increase(series: Written, length: float, at: float) -> float:
    """What a counter gained, resets undone, extrapolated to the range's ends; NaN below two."""
    seconds, values = within(series, length, at)
    if len(values) < 2:
        return np.nan
    steps = np.diff(values)
    gained = float(np.where(steps < 0, values[1:], steps).sum())
    sampled = float(seconds[-1] - seconds[0])
    apart = sampled / (len(values) - 1)
    before, after = float(seconds[0] - (at - length)), float(at - seconds[-1])
    if gained > 0:
        # a counter cannot have been below zero
        before = min(before, sampled * float(values[0]) / gained)
    ends = sum(end if end < 1.1 * apart else apart / 2 for end in (before, after))
    return gained * (sampled + ends) / sampled


def rate(series: Written, length: float, at: float) -> float:
    return increase(series, length, at) / length


def steps(evaluate: Callable[[float], float], at: float, step: float) -> Floats:
    """A subquery over the hour before `at`, without what has no value."""
    times = np.arange(at - 3600, at + 1, step)
    values = np.array([evaluate(time) for time in times])
    measured: Floats = values[~np.isnan(values)]
    return measured


def quantile_of_buckets(quantile: float, below: dict[float, float]) -> float:
    """A quantile of what a histogram counted at or below each bound, straight within a bucket.

    Beyond the last finite bound it is that bound.
    """
    rank = quantile * below[np.inf]
    floor, before = 0.0, 0.0
    for bound, count in sorted(below.items()):
        if count >= rank and bound < np.inf:
            return floor + (bound - floor) * (rank - before) / (count - before)
        if bound < np.inf:
            floor, before = bound, count
    return floor
