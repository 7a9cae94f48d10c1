"""How far each measurement of a device is from its usual, read four ways.

From a device's reference period: the median of each metric and how the hour of the day moves it.
Each step is then read as

- what the hour of the day leaves over;
- the mean deviation from the median over the long window, for what lasts;
- the first, minus its own mean over the short and over the long window, for what has just begun.

A reading is divided by its own spread in the reference period: the larger of 1.4826 MAD and the
standard deviation, so that a metric that idles and bursts is not odd at each burst.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.baseline import SIGMA_PER_MAD
from ml.grid import Axis, Bools, Floats
from ml.residuals import FLOOR_SHARE, HOURS, LEAST_FLOOR, MIN_HISTORY_DAYS
from ml.trailing import sorted_quantile, trailing_mean

READINGS = ("residual", "long_mean", "short_contrast", "long_contrast")
SHORT_MINUTES, LONG_MINUTES = 15, 30
LEAST_SHORT, LEAST_LONG = 3, 6
LARGEST = np.float32(1e4)


@dataclass(frozen=True)
class Usual:
    """What one device usually shows: `median` float32 (M,), `by_hour` (M, 24) to add to it."""

    median: Floats
    by_hour: Floats

    def readings(self, values: Floats, axis: Axis) -> Floats:
        """Readings without units, float32 (4, M, T), of values (M, T) from a midnight on.

        NaN where a metric was not measured, or too little of a window.
        """
        short = max(LEAST_SHORT, SHORT_MINUTES // axis.step_minutes)
        long = long_window(axis)
        level = values - self.median[:, None]
        residual = level - self.seasonal(values.shape[1], axis)
        return np.stack(
            [
                residual,
                trailing_mean(level, long),
                residual - trailing_mean(residual, short),
                residual - trailing_mean(residual, long),
            ]
        )

    def seasonal(self, steps: int, axis: Axis) -> Floats:
        """What the hour adds, (M, T): linear between the middles of hours."""
        middle = (np.arange(axis.steps_per_day) + 0.5) * axis.step_minutes / 60 - 0.5
        hour = np.floor(middle).astype(np.intp)
        share = (middle - hour).astype(np.float32)
        before, after = self.by_hour[:, hour % HOURS], self.by_hour[:, (hour + 1) % HOURS]
        return np.tile(before + share * (after - before), steps // axis.steps_per_day)


def long_window(axis: Axis) -> int:
    """Steps of the longest window a reading looks back over."""
    return max(LEAST_LONG, LONG_MINUTES // axis.step_minutes)


def usual_of(values: Floats, teaches: Bools, axis: Axis) -> Usual:
    """What is usual in the steps that teach, bool (T,), of values, float32 (M, T)."""
    known = np.where(teaches, values, np.float32(np.nan))
    median = sorted_quantile(known, 0.5)
    by_hour = np.zeros((len(values), HOURS), dtype=values.dtype)
    if teaches.sum() >= MIN_HISTORY_DAYS * axis.steps_per_day:
        hours = known.reshape(len(values), -1, HOURS, axis.steps_per_day // HOURS)
        of_hour = hours.transpose(0, 2, 1, 3).reshape(len(values), HOURS, -1)
        by_hour = np.nan_to_num(sorted_quantile(of_hour, 0.5) - median[:, None])
    return Usual(median, by_hour)


def spread_of(readings: Floats, teaches: Bools) -> Floats:
    """Spread of each reading in the steps that teach, float32 (4, M); NaN for what is unknown."""
    known = readings[..., teaches]
    measured = np.isfinite(known)
    count = np.maximum(measured.sum(axis=-1), 1)
    mean = np.where(measured, known, 0.0).sum(axis=-1) / count
    squares = np.where(measured, known - mean[..., None], 0.0) ** 2
    mad = sorted_quantile(np.abs(known), 0.5)
    spread = np.fmax(SIGMA_PER_MAD * mad, np.sqrt(squares.sum(axis=-1) / count))
    return np.where(measured.any(axis=-1), spread, np.nan).astype(readings.dtype)


def least_of(spreads: Floats) -> Floats:
    """A share of the median over those of D devices that move at all, (D, ...) -> (...).

    One where none does: what never moved anywhere has no unit of its own.
    """
    moving = np.moveaxis(np.where(spreads > 0, spreads, np.nan), 0, -1)
    floor = np.nan_to_num(FLOOR_SHARE * sorted_quantile(moving, 0.5), nan=1.0)
    return np.asarray(np.maximum(floor, LEAST_FLOOR), dtype=spreads.dtype)


def in_units(readings: Floats, spread: Floats, floor: Floats) -> Floats:
    """Readings as points to measure distances between, float32 (T, 4 M); unknown is as usual."""
    unit = np.fmax(spread, floor)[..., None]
    points = np.clip(np.nan_to_num(readings / unit), -LARGEST, LARGEST)
    return np.ascontiguousarray(points.reshape(-1, readings.shape[-1]).T)
