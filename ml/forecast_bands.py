"""Bands around forecasts: quantiles of past errors, pooled over series by how far ahead they lie.

Errors are pooled in units of what a series is expected to be off by, so that calm series do not
borrow the width of restless ones (split conformal prediction with normalised residuals: Lei,
G'Sell, Rinaldo, Tibshirani, Wasserman, JASA 2018).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ml.capacity_params import CapacityParams
from ml.grid import Bools, Floats

LEVELS = (0.8, 0.95)
SIDES = {"lower_80": 0.1, "upper_80": 0.9, "lower_95": 0.025, "upper_95": 0.975}
FLAT_SHARE = {"80": 0.5, "95": 1.0}
FLAT_OF_LEVEL = 0.05
NO_WIDTH = 1e-6


@dataclass(frozen=True)
class Errors:
    """Errors (n, steps) in expected errors, NaN where unknown, of steps ahead `first`, +1, ..."""

    values: Floats
    first: int = 1


@dataclass(frozen=True)
class Bands:
    """`cuts`: error quantiles in expected errors, (buckets, sides), lower ones <= 0 <= upper."""

    params: CapacityParams
    cuts: Floats

    def around(self, points: Floats, unit: Floats, level: Floats, first: int) -> dict[str, Floats]:
        """Bounds by side, (n, horizon) each, around points (n, horizon) from step `first` on.

        `unit`: expected absolute errors, (n,); `level`: mean absolute value, (n,). A band without
        width, as of a series that never moved, gets the larger of `FLAT_OF_LEVEL` of the level and
        `flat_half_width` on each side at 95 %: a convention, not a measured quantile.
        """
        bucket = self.params.bucket_of(first, first + points.shape[1] - 1)
        flat = np.maximum(FLAT_OF_LEVEL * level, self.params.flat_half_width)[:, None]
        reach = unit[:, None, None] * self.cuts[bucket]
        bounds = {}
        for percent, share in FLAT_SHARE.items():
            lower, upper = f"lower_{percent}", f"upper_{percent}"
            below = reach[..., list(SIDES).index(lower)]
            above = reach[..., list(SIDES).index(upper)]
            has_none = above - below <= NO_WIDTH * level[:, None]
            bounds[lower] = points + np.where(has_none, -share * flat, below)
            bounds[upper] = points + np.where(has_none, share * flat, above)
        return {side: self.params.bounded(bound) for side, bound in bounds.items()}


def bands_of(errors: Iterable[Errors], params: CapacityParams) -> Bands:
    """Bands from errors of any number of origins and series.

    A bucket no past error reaches (histories shorter than the horizon) takes the cuts of the last
    one reached: such bands are too narrow, and a backtest shows by how much.
    """
    pools: dict[int, list[Floats]] = {}
    for each in errors:
        bucket = params.bucket_of(each.first, each.first + each.values.shape[1] - 1)
        for number in np.unique(bucket):
            pools.setdefault(int(number), []).append(each.values[:, bucket == number].ravel())
    cuts = np.zeros((params.bucket_count, len(SIDES)))
    reached = cuts[0]
    for number in range(params.bucket_count):
        known = np.concatenate(pools[number]) if number in pools else np.empty(0)
        known = known[np.isfinite(known)]
        if len(known):
            found = np.quantile(known, list(SIDES.values()))
            is_lower = np.array([side.startswith("lower") for side in SIDES])
            reached = np.where(is_lower, np.minimum(found, 0.0), np.maximum(found, 0.0))
        cuts[number] = reached
    return Bands(params, cuts)


def expected_errors(own: Floats, speaks: Bools) -> tuple[Floats, float]:
    """Expected absolute errors, (n,), from own mean absolute past errors, (n,), and their mean.

    Half its own, half the mean of the series that speak: a few origins say little about one.
    """
    if not len(own):
        return own, 0.0
    mean = float(own[speaks].mean()) + 1e-9
    return (own + mean) / 2, mean
