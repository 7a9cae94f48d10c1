"""What the anomaly model learns from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.anomaly_params import AnomalyParams
from ml.grid import Bools, Grid
from ml.judging import Judged

SETTLING_DAYS = 7
LEAST_STEPS = 500


def training_part(
    grid: Grid, params: AnomalyParams, train_end: pd.Timestamp | None
) -> tuple[Grid, int, int]:
    """The days up to `train_end` (default: after the newest row), first and end of training in it.

    `params.train_days` lie between these two columns, or as many as there are.
    """
    end = grid.newest_column() + 1 if train_end is None else grid.column(train_end)
    per_day = params.axis.steps_per_day
    start = max(end - params.train_days * per_day, 0)
    return grid.part(slice(None), slice(0, -(-end // per_day) * per_day)), start, end


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
