"""Random Forest, Gradient Boosting and Ridge over all series at once, direct for every step ahead.

They are candidates like the plain members: a series is only forecast by one where its past origins
say so (`ml.forecast_selection`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler

from ml.capacity_params import CapacityParams
from ml.forecast_blocks import Block
from ml.forecast_inputs import inputs_of, rows_read
from ml.grid import Floats

LEARNED_MEAN = "learned_mean"
MOST_ROWS = 200_000
LEAST_ORIGINS = 3
LARGEST_ANSWER = 15.0


@dataclass(frozen=True)
class Regressors:
    """Fitted scikit-learn regressors by name; none where no series was long enough."""

    params: CapacityParams
    fitted: dict[str, Any]

    @property
    def names(self) -> list[str]:
        """Members they make: each one, and their mean where there are several."""
        return [*self.fitted, *([LEARNED_MEAN] if len(self.fitted) > 1 else [])]

    def members(self, values: Floats, horizon: int) -> dict[str, Floats]:
        """Forecasts (n, horizon) from values (n, T) by name; NaN where T is too short."""
        if values.shape[1] < rows_read(self.params.season, self.params.long_season):
            return {name: np.full((len(values), horizon), np.nan) for name in self.names}
        if not self.fitted:
            return {}
        inputs = inputs_of(values, horizon, self.params.season, self.params.long_season)
        flat = inputs.read.reshape(-1, inputs.read.shape[-1])
        found = {}
        for name, regressor in self.fitted.items():
            answer = np.clip(regressor.predict(flat), -LARGEST_ANSWER, LARGEST_ANSWER)
            found[name] = inputs.base + inputs.unit * answer.reshape(inputs.base.shape)
        if len(found) > 1:
            found[LEARNED_MEAN] = np.mean(list(found.values()), axis=0)
        return found


def learn(blocks: Sequence[Block], params: CapacityParams, columns_held_back: int) -> Regressors:
    """Fit on all moving series, without the newest `columns_held_back` columns of the table.

    One origin per season, the newest first, of at most about `MOST_ROWS` rows, of which
    `MOST_ROWS` are drawn.
    """
    least = rows_read(params.season, params.long_season)
    shown = []
    for block in blocks:
        values = block.values[block.moves]
        values = values[:, : values.shape[1] - max(columns_held_back - block.lag, 0)]
        if len(values) and values.shape[1] >= least + params.horizon:
            shown.append(values)
    if not shown or not params.learned:
        return Regressors(params, {})
    per_origin = sum(len(values) for values in shown) * params.horizon
    most_origins = max(LEAST_ORIGINS, MOST_ROWS // per_origin)
    read, targets = [], []
    for values in shown:
        newest = values.shape[1] - params.horizon
        for origin in range(newest, least - 1, -params.season)[:most_origins]:
            past = values[:, :origin]
            inputs = inputs_of(past, params.horizon, params.season, params.long_season)
            actual = values[:, origin : origin + params.horizon]
            read.append(inputs.read.reshape(-1, inputs.read.shape[-1]))
            target = (actual - inputs.base) / inputs.unit
            targets.append(np.clip(target, -LARGEST_ANSWER, LARGEST_ANSWER).ravel())
    x, y = np.concatenate(read), np.concatenate(targets)
    drawn = np.random.default_rng(params.seed).permutation(len(x))[:MOST_ROWS]
    return Regressors(
        params,
        {name: new_regressor(name, params.seed).fit(x[drawn], y[drawn]) for name in params.learned},
    )


def new_regressor(name: str, seed: int) -> Any:
    """An unfitted regressor; boosting minimises the absolute error, as the metrics do."""
    if name == "boosting":
        return HistGradientBoostingRegressor(
            loss="absolute_error",
            max_iter=200,
            learning_rate=0.06,
            max_leaf_nodes=63,
            min_samples_leaf=100,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=seed,
        )
    if name == "forest":
        return RandomForestRegressor(
            60,
            max_depth=14,
            min_samples_leaf=20,
            max_features=0.4,
            max_samples=0.5,
            n_jobs=1,
            random_state=seed,
        )
    return make_pipeline(RobustScaler(), Ridge(10.0))
