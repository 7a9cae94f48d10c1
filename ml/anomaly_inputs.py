"""What the anomaly model reads of its metrics, as rows that can be compared with each other."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml.anomaly_params import EXTRAS, IS_MASKED, AnomalyParams
from ml.drift import ENTITY, TIME
from ml.grid import grid_of
from ml.transforms import transformed


def inputs_of(frame: pd.DataFrame, params: AnomalyParams) -> pd.DataFrame:
    """The metrics of a frame as `ml.transforms` forms them: a disk that fills is its growth.

    One row per row that is not masked, by entity and time: entity, time (datetime64[UTC]) and the
    metrics (float32, NaN where not measured, of growth also in the first row of an entity). Raises
    ValueError as `ml.grid.grid_of` does, but for a frame without rows.
    """
    names = [ENTITY, TIME, *params.metrics]
    if frame.empty:
        return frame.rename(columns={params.axis.entity: ENTITY, params.axis.time: TIME})[names]
    grid = grid_of(frame, params.axis, params.metrics, EXTRAS)
    device, step = np.nonzero(grid.is_row & ~(grid.extras[IS_MASKED] > 0))
    seconds = (grid.first_step + step) * params.axis.step_minutes * 60
    values = transformed(grid, params.forms)[device, :, step]
    rows = pd.DataFrame(values, columns=list(params.metrics))
    rows.insert(0, ENTITY, grid.entities[device])
    rows.insert(1, TIME, pd.to_datetime(seconds, unit="s", utc=True))
    return rows
