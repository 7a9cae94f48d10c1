"""Statistics over the past of a series, along the last axis, blind to what comes later.

NaN means not measured and is left out. Every function answers for each position from that
position's past only, so its value never changes when later data do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]


def daily(values: Floats, per_day: int) -> Floats:
    """Cut the last axis into days; (..., T) -> (..., K, per_day)."""
    return values.reshape(*values.shape[:-1], -1, per_day)


def before(values: Floats, count: int) -> Floats:
    """The `count` values before each position, newest last; (..., K) -> (..., K, count) view."""
    filler = np.full((*values.shape[:-1], count), np.nan, dtype=values.dtype)
    padded = np.concatenate([filler, values], axis=-1)[..., :-1]
    return sliding_window_view(padded, count, axis=-1)


def lagged(values: Floats, lags: tuple[int, ...]) -> Floats:
    """Values `lags` positions earlier, side by side; (..., K) -> (..., K, len(lags))."""
    return before(values, max(lags))[..., [-lag for lag in lags]]


def sorted_quantile(samples: Floats, q: float, at_least: int = 1) -> Floats:
    """Linear-interpolated quantile over the last axis; NaN below `at_least` values."""
    ordered = np.sort(samples, axis=-1)
    size = ordered.shape[-1]
    # of most samples all is known, and their quantile stands in the same place
    is_whole = np.isfinite(ordered[..., 0]) & np.isfinite(ordered[..., -1])
    place = q * (size - 1)
    low = int(place)
    lower, upper = ordered[..., low], ordered[..., min(low + 1, size - 1)]
    result: Floats = lower + samples.dtype.type(place - low) * (upper - lower)
    if size < at_least:
        result[:] = np.nan
    elif not is_whole.all():
        result[~is_whole] = _partial_quantile(ordered[~is_whole], q, at_least)
    return result


def _partial_quantile(ordered: Floats, q: float, at_least: int) -> Floats:
    """Quantiles of n ascending samples, (n, size), NaN last."""
    count = np.isfinite(ordered).sum(axis=-1)
    place = q * np.maximum(count - 1, 0)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    row = np.arange(len(ordered))
    lower, upper = ordered[row, low], ordered[row, high]
    result: Floats = lower + (place - low).astype(ordered.dtype) * (upper - lower)
    result[count < at_least] = np.nan
    return result


def trailing_quantile(
    values: Floats, count: int, q: float, at_least: int = 1, since: int = 0
) -> Floats:
    """Quantile of the `count` values before each position from `since` on, NaN before that."""
    result = np.full_like(values, np.nan)
    result[..., since:] = sorted_quantile(before(values, count)[..., since:, :], q, at_least)
    return result


def trailing_sum(values: Floats, count: int) -> Floats:
    """Sum of the `count` values up to and including each position, NaN as zero; float64."""
    total = np.cumsum(np.nan_to_num(values), axis=-1, dtype=np.float64)
    total[..., count:] -= total[..., :-count].copy()
    return total


def trailing_mean(values: Floats, count: int) -> Floats:
    """Mean of the `count` values up to and including each; NaN where over half are missing."""
    if count == 1:
        return values
    measured = trailing_sum(np.isfinite(values).astype(np.float32), count)
    result = (trailing_sum(values, count) / np.maximum(measured, 1.0)).astype(values.dtype)
    result[measured < count / 2] = np.nan
    return result


def last_known(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The newest measured value before each position, and how many positions ago it was."""
    position = np.arange(values.shape[-1])
    newest = np.maximum.accumulate(np.where(np.isfinite(values), position, -1), axis=-1)
    source = np.concatenate([np.full_like(newest[..., :1], -1), newest[..., :-1]], axis=-1)
    known = np.take_along_axis(values, np.maximum(source, 0), axis=-1)
    return np.where(source >= 0, known, np.nan), position - source
