"""What the capacity forecast can be told, with the choices made for daily host metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Floats, Ints

COLUMNS = ("unique_id", "ds", "y")
REGRESSORS = ("boosting", "forest", "ridge")
LEAST_BEYOND_SEASON = 4


@dataclass(frozen=True)
class CapacityParams:
    """Settings of the forecast; everything but `step` counts steps.

    `season` is the length of a cycle, `long_season` that of a longer one only regressors read.
    `learned` names the regressors (of `REGRESSORS`) that compete with the plain members where
    history is long enough. Errors are pooled by `buckets`, the last step of each but the last.
    A series without a value in the newest `most_stale` steps counts as vanished. A band that would
    have no width gets at least `flat_half_width` (in units of y) on each side at 95 %, half of it
    at 80 %. `folds` and `embargo` belong to the backtest. `step` is only read if ds holds times.
    `most` is the highest value the metric can take, None without one.
    """

    season: int = 7
    horizon: int = 30
    long_season: int | None = None
    learned: tuple[str, ...] = REGRESSORS
    buckets: tuple[int, ...] = (7, 14)
    step: str = "1D"
    is_nonnegative: bool = True
    most: float | None = None
    most_stale: int = 7
    flat_half_width: float = 1.0
    folds: int = 3
    embargo: int = 1
    seed: int = 42

    def __post_init__(self) -> None:
        if self.season < 2 or self.horizon < 1:
            raise ValueError("season must be at least 2, horizon at least 1")
        unknown = set(self.learned) - set(REGRESSORS)
        if unknown:
            raise ValueError(f"no such regressor: {', '.join(sorted(unknown))}")
        if list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError(f"buckets must rise, not {self.buckets}")

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a frame that are read."""
        return COLUMNS

    @property
    def least_history(self) -> int:
        """Steps between the first and the last value below which nothing is forecast."""
        return self.season + LEAST_BEYOND_SEASON

    @property
    def bucket_count(self) -> int:
        return len(self.buckets) + 1

    def bucket_of(self, first: int, last: int) -> Ints:
        """The bucket, from 0, of each step ahead first <= k <= last (the first step is 1)."""
        return np.searchsorted(self.buckets, np.arange(first, last + 1)).astype(np.int64)

    def bounded(self, values: Floats) -> Floats:
        """Values as the metric can take them."""
        values = np.maximum(values, 0.0) if self.is_nonnegative else values
        return values if self.most is None else np.minimum(values, self.most)
