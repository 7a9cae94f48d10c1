"""M4 Hourly: 414 series, 48 hours ahead, scored as the competition did.

Many of these series are near-duplicates, shifted in time: of a quarter, the 48 test hours correlate
above 0.999 with a training segment of another series. All methods that learn over all series profit
from it, the published ones too; with the regressor taught on the other half of the series the OWA
was 0.402 in an experiment.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.ml.bitbrains import Split
from benchmarks.ml.results import data_folder
from ml.grid import Floats

FOLDER = "05_metrics/m4"
HORIZON = 48
SEASON, LONG_SEASON = 24, 168


def split() -> Split:
    """The official split. ds counts hours, 0 the first test hour of every series."""
    train, test = (_long(_wide(f"Hourly-{part}.csv.xz"), part) for part in ("train", "test"))
    return Split(train, test)


def smape(actual: Floats, forecasts: Floats) -> float:
    """Mean of 200 |y - f| / (|y| + |f|), in percent, the competition's sMAPE."""
    return float(np.mean(200 * np.abs(actual - forecasts) / (np.abs(actual) + np.abs(forecasts))))


def owa(smape_of: float, mase_of: float) -> float:
    """Mean of sMAPE and MASE over those published for Naive2."""
    published = pd.read_csv(data_folder() / FOLDER / "m4_published_scores.csv")
    naive = published.set_index("method").loc["Naive2"]
    return float((smape_of / naive["sMAPE_Hourly"] + mase_of / naive["MASE_Hourly"]) / 2)


def _wide(name: str) -> pd.DataFrame:
    wide = pd.read_csv(data_folder() / FOLDER / name)
    return wide.set_index(wide.columns[0])


def _long(wide: pd.DataFrame, part: str) -> pd.DataFrame:
    """Rows of the values there are; a series fills its columns from the left."""
    values = wide.to_numpy(dtype=np.float64)
    is_known = np.isfinite(values)
    row, column = np.nonzero(is_known)
    start = -is_known.sum(axis=1) if part == "train" else np.zeros(len(wide), dtype=np.int64)
    return pd.DataFrame(
        {
            "unique_id": wide.index.to_numpy()[row],
            "ds": (column + start[row]).astype(np.int64),
            "y": values[row, column],
        }
    )
