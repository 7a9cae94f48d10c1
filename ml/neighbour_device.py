"""One device as the neighbour model sees it: its reference period, and how odd its steps are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.anomaly_params import AnomalyParams
from ml.grid import Bools, Floats, Grid, Ints
from ml.judging import still_masked
from ml.neighbour_readings import (
    READINGS,
    SHORT_MINUTES,
    Usual,
    in_units,
    long_window,
    spread_of,
    usual_of,
)
from ml.neighbours import Neighbours, neighbours_of
from ml.trailing import trailing_sum
from ml.transforms import transformed

LEAST_DAYS = 2
FAR = 0.99


@dataclass(frozen=True)
class Device:
    """A device of a grid with T steps and M metrics, read by its reference period.

    `values`: float32 (M, T), transformed. `readings`: (4, M, T), `spread`: (4, M). `teaches`: bool
    (T,), the measured, unmasked steps of the reference period. `is_measured`: bool (T,). `days`:
    int64 (T,). `usual` is None where the reference period covers less than two days: steps are
    compared with those of other days.
    """

    values: Floats
    readings: Floats
    spread: Floats
    teaches: Bools
    is_measured: Bools
    days: Ints
    usual: Usual | None

    @property
    def is_known(self) -> Bools:
        """Metrics with a reference, bool (M,)."""
        known: Bools = np.isfinite(self.spread[READINGS.index("residual")])
        return known

    def points(self, floor: Floats) -> Floats:
        """Readings in units of their spreads, at least `floor` (4, M); float32 (T, 4 M)."""
        return in_units(self.readings, self.spread, floor)


def devices_of(grid: Grid, params: AnomalyParams, start: int, end: int) -> list[Device]:
    """Every device of a grid, by what it did in columns start <= t < end."""
    values = transformed(grid, params.forms)
    is_masked = still_masked(grid, long_window(grid.axis))
    is_measured = grid.is_row & np.isfinite(values).any(axis=1)
    inside = np.zeros(grid.length, dtype=np.bool_)
    inside[start:end] = True
    days = np.arange(grid.length) // grid.axis.steps_per_day
    return [
        device_of(grid, values[row], is_measured[row], inside & ~is_masked[row], days)
        for row in range(len(grid.entities))
    ]


def device_of(
    grid: Grid, values: Floats, is_measured: Bools, may_teach: Bools, days: Ints
) -> Device:
    """Read one device's values, float32 (M, T), by its measured steps that may teach."""
    teaches = is_measured & may_teach
    # at least half of them then lie on other days than any one step
    if teaches.sum() < LEAST_DAYS * grid.axis.steps_per_day:
        nothing = np.full((len(READINGS), len(values)), np.nan, dtype=values.dtype)
        readings = np.broadcast_to(nothing[..., None], (*nothing.shape, values.shape[1]))
        return Device(values, readings, nothing, teaches, is_measured, days, None)
    usual = usual_of(values, teaches, grid.axis)
    readings = usual.readings(values, grid.axis)
    spread = spread_of(readings, teaches)
    return Device(values, readings, spread, teaches, is_measured, days, usual)


@dataclass(frozen=True)
class Oddness:
    """How odd the steps of a device are.

    `neighbours` are its reference steps, `reach` the distance from them that the oddest hundredth
    of the reference period exceeds; `distances`: float64 (T,), mean over the last quarter of an
    hour, NaN where nothing was measured.
    """

    neighbours: Neighbours
    reach: float
    distances: Floats

    def raw(self, least_reach: float) -> Floats:
        """Distances in units of the device's reach, comparable between devices; float64 (T,)."""
        return self.distances / max(self.reach, least_reach)


def oddness_of(device: Device, floor: Floats, params: AnomalyParams) -> Oddness:
    """Measure every step of a device that has a reference period."""
    points = device.points(floor)
    neighbours = neighbours_of(points, device.teaches, device.days, params.seed)
    steps = np.where(device.is_measured, neighbours.distances(points, device.days), np.nan)
    window = max(1, SHORT_MINUTES // params.axis.step_minutes)
    count = np.maximum(trailing_sum(device.is_measured.astype(np.float64), window), 1.0)
    mean = np.where(device.is_measured, trailing_sum(steps, window) / count, np.nan)
    return Oddness(neighbours, float(np.quantile(mean[device.teaches], FAR)), mean)
