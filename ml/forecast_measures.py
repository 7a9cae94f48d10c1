"""MASE, WAPE, coverage and width of forecasts of many series.

MASE: mean absolute error over the mean absolute seasonal difference of the history (Hyndman and
Koehler 2006), mean over series. WAPE: errors divided by the series' mean absolute value in history,
then summed over all series and steps, over the sum of actual absolute values divided likewise; so
no series counts for its unit. Won: share of series whose own WAPE, their errors over their actual
absolute values, is below that of other forecasts. Width: of a band, over the same mean, mean over
series and steps. Interval score: width plus 2 / alpha of what a value lies outside by, alpha one
minus the share of values the band should hold (Gneiting and Raftery 2007), over the same mean, mean
over values. Steps without an actual value count nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.grid import Bools, Floats

LEAST_RELATIVE_SCALE = 0.005


@dataclass(frozen=True)
class Judge:
    """Actual values (n, steps), NaN where unknown, and of the history the scale and level, (n,)."""

    actual: Floats
    scale: Floats
    level: Floats

    def of(self, rows: Bools | slice, steps: Bools | slice = slice(None)) -> Judge:
        """Some of the series and steps."""
        return Judge(self.actual[rows][:, steps], self.scale[rows], self.level[rows])

    @property
    def is_judged(self) -> Bools:
        """Series with an actual value whose history moved by more than 0.5 % of its level, (n,)."""
        moves = self.scale >= LEAST_RELATIVE_SCALE * self.level
        return np.isfinite(self.actual).any(axis=1) & moves & (self.level > 0)

    def mases(self, forecasts: Floats) -> Floats:
        """MASE by series, (n,), from forecasts (n, steps); every series must be judged."""
        errors = np.abs(self.actual - forecasts)
        mases: Floats = np.nanmean(errors, axis=1) / self.scale
        return mases

    def mase(self, forecasts: Floats) -> float:
        """Mean MASE."""
        return float(self.mases(forecasts).mean())

    def wape(self, forecasts: Floats) -> float:
        """Pooled WAPE."""
        errors = np.abs(self.actual - forecasts) / self.level[:, None]
        return float(np.nansum(errors) / np.nansum(np.abs(self.actual) / self.level[:, None]))

    def won(self, forecasts: Floats, others: Floats) -> float:
        """Share of series whose WAPE is below that of other forecasts; ties are not won."""
        ours, theirs = (
            np.nansum(np.abs(self.actual - each), axis=1) for each in (forecasts, others)
        )
        return float((ours < theirs).mean())

    def coverage(self, lower: Floats, upper: Floats) -> float:
        """Share of actual values inside a band, both (n, steps)."""
        is_known = np.isfinite(self.actual)
        is_inside = (self.actual >= lower) & (self.actual <= upper)
        return float(is_inside[is_known].mean())

    def width(self, lower: Floats, upper: Floats) -> float:
        """Mean width of a band in levels."""
        return float(((upper - lower) / self.level[:, None]).mean())

    def interval_score(self, lower: Floats, upper: Floats, nominal: float) -> float:
        """Mean interval score, in levels, of a band for a `nominal` share of values."""
        outside = np.maximum(lower - self.actual, 0) + np.maximum(self.actual - upper, 0)
        scores = (upper - lower + 2 / (1 - nominal) * outside) / self.level[:, None]
        return float(np.nanmean(scores))
