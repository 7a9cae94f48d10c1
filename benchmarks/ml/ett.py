"""ETTh1: seven hourly series of a power transformer, as means of whole days."""

from __future__ import annotations

import pandas as pd

from benchmarks.ml.bitbrains import Split, long
from benchmarks.ml.results import data_folder

HOURLY = "05_metrics/ett/ETTh1.csv.xz"
HORIZON = 30
ORIGINS = 4


def splits() -> list[Split]:
    """Four origins, oldest first, whose 30-day tests abut and end with the last whole day."""
    hourly = pd.read_csv(data_folder() / HOURLY, parse_dates=["date"]).set_index("date")
    groups = hourly.resample("D")
    is_whole = groups.size() == 24
    days = groups.mean()[is_whole].T
    found = []
    for back in range(ORIGINS * HORIZON, 0, -HORIZON):
        start = days.shape[1] - back
        test = days.iloc[:, start : start + HORIZON]
        found.append(Split(long(days.iloc[:, :start]), long(test)))
    return found
