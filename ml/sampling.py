"""What the anomaly model learns from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.anomaly_params import AnomalyParams
from ml.grid import Bools, Grid
from ml.judging import Judged

SETTLING_DAYS = 7
LEAST_STEPS = 500


def sampled_devices(grid: Grid, params: AnomalyParams) -> NDArray[np.intp]:
    """Which devices of an estate larger than `sample_devices` training looks at, ascending."""
    count = len(grid.entities)
    chosen = np.random.default_rng(params.seed).permutation(count)[: params.sample_devices]
    return np.sort(chosen)


def training_steps(judged: Judged, start: int, end: int) -> Bools:
    """Steps between two columns that teach, bool (D, T): scored, not masked, device settled.

    A device's first week is left out unless there is nothing else: while little of its past is
    known, everything looks odd.
    """
    grid = judged.grid
    inside = np.zeros(grid.length, dtype=np.bool_)
    inside[start:end] = True
    teaches = judged.can_be_scored & inside & ~judged.is_masked
    first_row = np.argmax(grid.is_row, axis=1)
    age = np.arange(grid.length) - first_row[:, None]
    settled = teaches & (age >= SETTLING_DAYS * grid.axis.steps_per_day)
    return settled if settled.sum() >= LEAST_STEPS else teaches
