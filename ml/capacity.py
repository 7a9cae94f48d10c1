"""M2, capacity: where will CPU, memory, disk and network stand in the coming thirty days?

The forecast of a series is the median of up to three members chosen on its past origins
(`ml.forecast_selection`), because no method is best for all series: plain ones
(`ml.forecast_members`) and, where history is long enough, Random Forest, Gradient Boosting and
Ridge over all series (`ml.forecast_regressors`). Bands are quantiles of past errors
(`ml.forecast_bands`).

Losses and errors are pooled over the series of a frame: fit one model per resource, so that noisy
processors do not speak for disks that fill steadily.

Frames are long: unique_id, ds, y, one regular step apart, any number of series. ds holds dates,
times or step numbers. Gaps in y (NaN, infinite or absent rows) are filled by straight lines between
known values, only inside history: nothing is filled before a series' first value or after its last.
Every series of the frame gets its rows; what cannot be forecast says why in `not_scored_reason`.
"""

from __future__ import annotations

import pandas as pd

from ml.capacity_backtest import backtest
from ml.capacity_fit import fit_table
from ml.capacity_model import CapacityModel
from ml.capacity_params import CapacityParams
from ml.forecast_bands import SIDES
from ml.forecast_table import as_times, table_of

__all__ = ["OUTPUT", "CapacityModel", "CapacityParams", "backtest", "fit"]

OUTPUT = (
    "unique_id",
    "ds",
    "yhat",
    *(f"yhat_{side}" for side in SIDES),
    "method",
    "not_scored_reason",
)


def fit(
    frame: pd.DataFrame, params: CapacityParams, train_end: pd.Timestamp | None = None
) -> CapacityModel:
    """Fit on the rows of a long frame before `train_end` (default: all), in any order.

    Forecasts start after the newest ds among them.

    A frame in which nothing can be forecast is fitted too: its predictions are rows with reasons.
    Raises ValueError for absent columns, no rows, ds off the steps and rows given twice.
    """
    if train_end is not None:
        frame = frame[as_times(frame["ds"]) < train_end]
    return fit_table(table_of(frame, params.step), params)
