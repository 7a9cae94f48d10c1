"""What the regressors read: a series relative to its own newest values, in its own unit.

Nothing tells them which series they see, so that all series of a table teach all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.forecast_members import error_unit
from ml.grid import Floats, Ints

SEASONS_READ = 9
LONG_SEASONS_READ = 3
SEASONAL_LAGS = 6
LARGEST_INPUT = 1e3


@dataclass(frozen=True)
class Inputs:
    """`read`: float32 (n, horizon, p). A target is base + unit * what a regressor answers.

    `base`: (n, horizon), the newest value of the target's phase; `unit`: (n, 1).
    """

    read: Floats
    base: Floats
    unit: Floats


def rows_read(season: int, long_season: int | None) -> int:
    """Steps of history the inputs need."""
    longest = 0 if long_season is None else LONG_SEASONS_READ * long_season + 2
    return max(SEASONS_READ * season, longest)


def inputs_of(values: Floats, horizon: int, season: int, long_season: int | None) -> Inputs:
    """Inputs of all steps ahead from values (n, T), T >= `rows_read`."""
    length = values.shape[1]
    ahead = np.arange(horizon)
    newest = length - season + ahead % season
    base = values[:, newest]
    unit = error_unit(values, season)[:, None]

    def mean(newer: int, older: int) -> Floats:
        """Mean of the steps `newer` < age <= `older`, (n, 1)."""
        average: Floats = values[:, length - older : length - newer].mean(axis=1, keepdims=True)
        return average

    last, week = values[:, -1:], mean(0, season)
    seven = mean(0, 7 * season)
    quarter = max(season // 4, 1)
    next_phase = np.where(ahead % season == season - 1, newest + 1 - season, newest + 1)
    columns: list[Floats] = [
        values[:, newest - season * lag] - base for lag in range(1, SEASONAL_LAGS + 1)
    ]
    columns += [last - base, week - base, values[:, newest - 1] - base]
    columns += [
        values[:, next_phase] - base,
        last - values[:, -season - 1 : -season],
        last - values[:, -2:-1],
        week - mean(season, 2 * season),
        week - seven,
        mean(0, quarter) - mean(season, season + quarter),
        seven - values.mean(axis=1, keepdims=True),
    ]
    spans = [season]
    if long_season is not None:
        columns += _long_columns(values, ahead, base, season, long_season)
        spans.append(long_season)

    recent = values[:, -2 * max(spans) :]
    shapes = [np.log(np.maximum(np.abs(seven), 1e-12) / unit)]
    for lag in (1, *spans):
        moved = np.abs(recent[:, lag:] - recent[:, :-lag])
        shapes.append(moved.mean(axis=1, keepdims=True) / unit)
    read = [np.clip(column / unit, -LARGEST_INPUT, LARGEST_INPUT) for column in columns]
    read += [*shapes, ahead[None].astype(np.float64), (ahead % season)[None].astype(np.float64)]
    shape = (len(values), horizon)
    stacked = np.stack([np.broadcast_to(each, shape) for each in read], axis=-1)
    return Inputs(stacked.astype(np.float32), base, unit)


def _long_columns(
    values: Floats, ahead: Ints, base: Floats, season: int, long_season: int
) -> list[Floats]:
    """Readings a long season before the target, and how they compare with the newest."""
    length = values.shape[1]
    newest = length - season + ahead % season
    same = length + ahead - long_season * (1 + ahead // long_season)

    def mean(newer: int, older: int) -> Floats:
        average: Floats = values[:, length - older : length - newer].mean(axis=1, keepdims=True)
        return average

    week = mean(0, season)
    return [
        values[:, same] - base,
        values[:, same - long_season] - base,
        values[:, same - 2 * long_season] - base,
        values[:, same] - values[:, newest - long_season],
        values[:, same - long_season] - values[:, newest - 2 * long_season],
        values[:, same - 1] - values[:, same],
        values[:, np.minimum(same + 1, length - 1)] - values[:, same],
        mean(0, long_season) - mean(long_season, 2 * long_season),
        mean(long_season - season, long_season) - week,
        values[:, same] - mean(long_season, long_season + season) - base + week,
    ]
