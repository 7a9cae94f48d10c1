"""Everything the anomaly model looks at, laid out per device and step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ml.anomaly_params import COVERAGE, IS_MASKED, AnomalyParams
from ml.baseline import robust_z
from ml.grid import Bools, Floats, Grid
from ml.residuals import Floors, Readings, readings_of
from ml.trailing import trailing_sum
from ml.transforms import transformed


@dataclass(frozen=True)
class FleetFloors:
    """Floors learnt from the training period, for the model and for its baseline."""

    readings: Floors
    baseline: Floats


@dataclass(frozen=True)
class Judged:
    """A grid of D devices, T steps with its readings.

    `baseline`: float32 (D, T). `is_masked`: bool (D, T), teaches nothing. `is_measured`: bool
    (D, T), a row with at least one metric. `can_be_scored`: bool (D, T), a row with at least one
    metric whose usual is known. `coverage`: float64 (D, T), share of the metrics known of the
    device that were measured, times the share of samples the source delivered.
    """

    grid: Grid
    values: Floats
    readings: Readings
    baseline: Floats
    is_masked: Bools
    is_measured: Bools
    can_be_scored: Bools
    coverage: Floats
    floors: FleetFloors


def judge(
    grid: Grid, params: AnomalyParams, floors: FleetFloors | None, reference: slice, first: int = 0
) -> Judged:
    """Read a grid; without `floors`, learn them from the days of `reference`.

    Stillness and the baseline are those of the columns from `first` on.
    """
    masked = still_masked(grid, max(*params.windows, params.still_window + 1))
    per_day = params.axis.steps_per_day
    since = first // per_day
    values = transformed(grid, params.forms)
    readings = readings_of(
        values, masked, params.rhythm, floors.readings if floors else None, reference, since
    )
    levels = transformed(grid, replace(params.forms, growth=[]))
    baseline, floor = robust_z(
        levels, masked, per_day, floors.baseline if floors else None, reference, since
    )
    known = np.repeat(readings.is_known, per_day, axis=-1)
    measured = np.isfinite(readings.own[0])
    share = measured.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return Judged(
        grid,
        values,
        readings,
        np.where(grid.is_row, baseline, np.nan),
        masked,
        grid.is_row & np.isfinite(grid.values).any(axis=1),
        grid.is_row & measured.any(axis=1),
        share * np.clip(grid.extras[COVERAGE], 0.0, 1.0),
        floors or FleetFloors(readings.floors, floor),
    )


def still_masked(grid: Grid, window: int) -> Bools:
    """Steps that teach nothing, bool (D, T): a masked step among the `window` up to and with it."""
    masked: Bools = grid.extras[IS_MASKED] > 0
    return trailing_sum(masked.astype(np.float64), window) > 0
