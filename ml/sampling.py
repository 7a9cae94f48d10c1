"""What the anomaly model learns from."""

from __future__ import annotations

import numpy as np

from ml.grid import Bools
from ml.judging import Judged

SETTLING_DAYS = 7
LEAST_STEPS = 500


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
