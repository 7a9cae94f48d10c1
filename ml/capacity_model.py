"""The fitted capacity forecast: choices, regressors and bands, applied to any table of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.capacity_params import CapacityParams
from ml.forecast_bands import SIDES, Bands, Errors, bands_of
from ml.forecast_blocks import Block, blocks_of
from ml.forecast_members import LAST, SEASONAL_NAIVE, error_unit, seasonal_scale
from ml.forecast_regressors import Regressors
from ml.forecast_selection import combined, member_stack
from ml.forecast_table import Table, table_of
from ml.grid import Floats, Ints

NAIVE = (LAST, SEASONAL_NAIVE)


@dataclass(frozen=True)
class Choices:
    """Members chosen, (N, MOST_CHOSEN), and errors expected, (N,) in `error_unit`, by series.

    The defaults, chosen over all series, are for series not seen in training.
    """

    ids: NDArray[Any]
    chosen: Ints
    expected: Floats
    default_chosen: Ints
    default_expected: float

    def of(self, ids: NDArray[Any]) -> tuple[Ints, Floats]:
        """Members and expected errors of some series."""
        row = pd.Index(self.ids).get_indexer(pd.Index(ids))
        is_known = row >= 0
        chosen = np.where(is_known[:, None], self.chosen[row], self.default_chosen)
        return chosen, np.where(is_known, self.expected[row], self.default_expected)

    def state(self) -> dict[str, Any]:
        """As plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "ids": self.ids.tolist()
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The choices whose state it is."""
        return cls(**{**state, "ids": np.array(state["ids"])})


@dataclass(frozen=True)
class Points:
    """Forecasts of N series, (N, horizon), NaN in the rows of series that have a reason (N,).

    `sides`: bounds by side; `unit`: expected absolute error, `scale`: `seasonal_scale`, `level`:
    mean absolute value, (N,) each; `lag`: steps since the last value, (N,). `naive` and
    `naive_sides`: forecasts and bounds by naive method.
    """

    yhat: Floats
    sides: dict[str, Floats]
    methods: NDArray[np.object_]
    reasons: NDArray[np.object_]
    unit: Floats
    scale: Floats
    level: Floats
    lag: Ints
    naive: dict[str, Floats]
    naive_sides: dict[str, dict[str, Floats]]


@dataclass(frozen=True)
class CapacityModel:
    """A fitted model; `table` is what it was fitted on, None in a model that was stored.

    `train_start` and `train_end` bound what it was fitted on, end excluded, in the type of ds;
    `rows` counts the values. `features`: names of all members.
    """

    params: CapacityParams
    table: Table | None
    regressors: Regressors
    choices: Choices
    bands: Bands
    naive_bands: dict[str, Bands]
    train_start: Any
    train_end: Any
    rows: int
    features: tuple[str, ...]

    def state(self) -> dict[str, Any]:
        """See `ml.artifact.Storable`."""
        return {
            "params": asdict(self.params),
            "regressors": self.regressors.fitted,
            "choices": self.choices.state(),
            "bands": self.bands.cuts,
            "naive_bands": {name: bands.cuts for name, bands in self.naive_bands.items()},
            "train_start": _stored(self.train_start),
            "train_end": _stored(self.train_end),
            "rows": self.rows,
            "features": self.features,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """See `ml.artifact.Storable`."""
        params = CapacityParams(**state["params"])
        naive = {name: Bands(params, cuts) for name, cuts in state["naive_bands"].items()}
        return cls(
            params=params,
            table=None,
            regressors=Regressors(params, state["regressors"]),
            choices=Choices.of_state(state["choices"]),
            bands=Bands(params, state["bands"]),
            naive_bands=naive,
            train_start=_restored(state["train_start"]),
            train_end=_restored(state["train_end"]),
            rows=state["rows"],
            features=state["features"],
        )

    @property
    def fitted_on(self) -> Table:
        """The training table; raises ValueError where the model was stored without it."""
        if self.table is None:
            raise ValueError("a stored model knows no series: give the frame to forecast")
        return self.table

    def predict(self, history_or_horizon: pd.DataFrame | int | None = None) -> pd.DataFrame:
        """Forecast the steps after the newest ds, one row per series and step, sorted.

        A number is the horizon after the training frame; a frame (unique_id, ds, y) is newer
        history of the same or other series, forecast with what was chosen in training; None means
        `CapacityParams.horizon` after the training frame. Returns unique_id, ds, yhat,
        yhat_lower_80, yhat_upper_80, yhat_lower_95, yhat_upper_95 (float64), method (members whose
        median it is) and not_scored_reason (None where forecast; else the forecasts are NaN and
        method is None). Raises ValueError as `fit` does, for a horizon below 1, and where a model
        that was stored is not given a frame.
        """
        horizon = self.params.horizon
        if isinstance(history_or_horizon, pd.DataFrame):
            table = table_of(history_or_horizon, self.params.step)
        else:
            table = self.fitted_on
            horizon = horizon if history_or_horizon is None else history_or_horizon
        if horizon < 1:
            raise ValueError(f"the horizon must be at least 1, not {horizon}")
        points = self.points(table, horizon)
        count = len(table.ids)
        return pd.DataFrame(
            {
                "unique_id": np.repeat(table.ids, horizon),
                "ds": pd.concat([table.coming(horizon)] * count, ignore_index=True),
                "yhat": points.yhat.ravel(),
                **{f"yhat_{side}": bound.ravel() for side, bound in points.sides.items()},
                "method": np.repeat(points.methods, horizon),
                "not_scored_reason": np.repeat(points.reasons, horizon),
            }
        )

    def with_bands_from(self, actual: pd.DataFrame) -> CapacityModel:
        """The same forecasts, bands from how they turned out for the series of a frame.

        `actual`: unique_id, ds, y of steps after the training frame. For histories too short to
        hold a past horizon this is the only honest source of bands; the series of `actual` must
        not be those the bands are then judged on.
        """
        points = self.points(self.fitted_on, self.params.horizon)
        found = self.fitted_on.actual(actual, self.params.horizon)
        steady = np.where(points.unit > 0, points.unit, np.nan)[:, None]
        naive_unit = np.where(points.scale > 0, points.scale, np.nan)[:, None]

        def bands(forecasts: Floats, unit: Floats) -> Bands:
            errors = (found - forecasts) / unit
            by_lag = [Errors(errors[points.lag == lag], int(lag) + 1) for lag in set(points.lag)]
            return bands_of(by_lag, self.params)

        naive = {name: bands(points.naive[name], naive_unit) for name in NAIVE}
        return replace(self, bands=bands(points.yhat, steady), naive_bands=naive)

    def points(self, table: Table, horizon: int) -> Points:
        """Forecasts of the `horizon` steps after the newest column of a table."""
        blocks, reasons = blocks_of(table, self.params)
        chosen, expected = self.choices.of(table.ids)
        shape = (len(table.ids), horizon)
        points = Points(
            yhat=np.full(shape, np.nan),
            sides={side: np.full(shape, np.nan) for side in SIDES},
            methods=np.full(shape[0], None, dtype=object),
            reasons=reasons,
            unit=np.full(shape[0], np.nan),
            scale=np.full(shape[0], np.nan),
            level=np.full(shape[0], np.nan),
            lag=np.zeros(shape[0], dtype=np.int64),
            naive={name: np.full(shape, np.nan) for name in NAIVE},
            naive_sides={name: {side: np.full(shape, np.nan) for side in SIDES} for name in NAIVE},
        )
        for block in blocks:
            self._forecast(block, chosen[block.rows], expected[block.rows], points)
        return points

    def _forecast(self, block: Block, chosen: Ints, expected: Floats, points: Points) -> None:
        rows, horizon = block.rows, points.yhat.shape[1]
        names, stack = member_stack(block.values, horizon + block.lag, self.regressors)
        stack = stack[:, :, block.lag :]
        chosen = np.where(block.moves[:, None], chosen, names.index(LAST))
        unit = error_unit(block.values, self.params.season)
        points.unit[rows] = np.where(block.moves, expected * unit, 0.0)
        points.scale[rows] = seasonal_scale(block.values, self.params.season)
        points.level[rows] = np.abs(block.values).mean(axis=1)
        points.lag[rows] = block.lag
        points.yhat[rows], taken = combined(stack, chosen, names)
        points.methods[rows] = [_method(names, each) for each in taken]
        level, first = points.level[rows], block.lag + 1
        sides = self.bands.around(points.yhat[rows], points.unit[rows], level, first)
        for side, bound in sides.items():
            points.sides[side][rows] = bound
        for name, bands in self.naive_bands.items():
            points.naive[name][rows] = stack[:, names.index(name)]
            sides = bands.around(points.naive[name][rows], points.scale[rows], level, first)
            for side, bound in sides.items():
                points.naive_sides[name][side][rows] = bound


def _method(names: Sequence[str], taken: Ints) -> str:
    """Names of the members whose median a forecast is, each once."""
    return " + ".join(dict.fromkeys(names[int(member)] for member in taken))


def _stored(moment: Any) -> Any:
    """A moment as a plain value: text, or the number of a step."""
    return moment.isoformat() if isinstance(moment, pd.Timestamp) else int(moment)


def _restored(moment: Any) -> Any:
    return pd.Timestamp(moment) if isinstance(moment, str) else moment
