"""How rare a value is among those seen before: -log10 of its tail probability, beyond them too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Floats

LEVELS = 80
MOST_COMMON = 0.95
RAREST = 1e-5
TAIL_SHARE = 0.01
LEAST_IN_TAIL = 10


@dataclass(frozen=True)
class Tail:
    """The upper tail of a sample.

    `at`: float64 (LEVELS,), values of the sample, ascending; `rarity`: -log10 of the share of the
    sample at or above them. Beyond the last value the tail is exponential with the mean excess of
    the sample's highest hundredth (peaks over threshold; Coles, *Statistical Modeling of Extreme
    Values*, 2001, chapter 4, shape 0), `per_unit` of rarity for each unit of value.
    """

    at: Floats
    rarity: Floats
    per_unit: float

    def __call__(self, values: Floats) -> Floats:
        """Rarity of each value, 0 and up, float64; NaN stays NaN."""
        rarity = np.interp(values, self.at, self.rarity, left=0.0)
        beyond = np.maximum(values - self.at[-1], 0.0) * self.per_unit
        return np.where(np.isnan(values), np.nan, rarity + beyond)


def tail_of(sample: Floats, least_excess: float) -> Tail:
    """The tail of a sample of any shape, NaN left out; raises ValueError for an empty one.

    `least_excess` bounds how fast rarity may grow beyond what was seen.
    """
    known = np.sort(sample[np.isfinite(sample)].astype(np.float64))
    if not len(known):
        raise ValueError("a tail needs a sample")
    levels = np.geomspace(MOST_COMMON, max(1.0 / len(known), RAREST), LEVELS)
    at = np.quantile(known, 1.0 - levels)
    rarity = -np.log10(levels)
    tied = np.concatenate([[False], np.diff(at) <= 0])
    first_of_tie = np.maximum.accumulate(np.where(tied, 0, np.arange(LEVELS)))
    top = known[-max(LEAST_IN_TAIL, int(len(known) * TAIL_SHARE)) :]
    excess = max(float(top.mean() - top[0]), least_excess)
    return Tail(at, rarity[first_of_tie], 1.0 / (excess * np.log(10.0)))
