"""Whether series rise or fall: Mann-Kendall test and Theil-Sen slope of many series at once.

Values that follow each other are alike, and the plain test calls such noise a trend. So series are
pre-whitened first, by the lag-1 autocorrelation that is left once the slope is taken out, corrected
for the bias that taking it out brings: Hamed (2009), "Enhancing the effectiveness of prewhitening
in trend analysis of hydrologic data", Journal of Hydrology 368, 143-155. That of a short series is
often found too low by chance, and those are the ones called trends: none is taken to be below the
median of its group. Test, slope and interval are all of the series so treated and cannot contradict
each other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, norm

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

OUTPUT = (
    "n",
    "autocorrelation",
    "s",
    "tau",
    "p_value",
    "q_value",
    "slope",
    "slope_lower",
    "slope_upper",
    "direction",
    "reason",
)
# So many series at once: all pairs of half a year of weeks stay below 50 MB.
_AT_ONCE = 2_000


@dataclass(frozen=True)
class TrendParams:
    """`fewest` points are tested, at most `most_autocorrelated` is taken out of them.

    `false_discoveries` is the share of the trends found that may be none, `confidence` that of the
    interval.
    """

    fewest: int = 10
    most_autocorrelated: float = 0.95
    false_discoveries: float = 0.05
    confidence: float = 0.95


def analyse(values: Floats, groups: Integers, params: TrendParams) -> pd.DataFrame:
    """The trend of each series, one row for each row of `values`.

    `values` is series x periods, evenly spaced, the oldest first, NaN where nothing is known;
    `groups` tells of each series what it is alike to (the same metric of others). Columns are those
    of `OUTPUT`: n (int64, points tested), autocorrelation taken out, s (Kendall's score), tau
    (tau-b), p_value (two-sided), q_value after Benjamini and Hochberg (1995) over all series tested
    here, slope per period with its interval, direction (rising, falling or none, by the q_value),
    or the reason why there is none of all that. What is not known of the newest period has no trend
    that goes on.
    """
    starts = range(0, len(values), _AT_ONCE)
    own = [_autocorrelation(values[start : start + _AT_ONCE]) for start in starts]
    autocorrelation = np.concatenate([np.empty(0), *own])
    usual = pd.Series(autocorrelation).groupby(groups).transform("median").to_numpy()
    autocorrelation = np.fmax(autocorrelation, usual).clip(0, params.most_autocorrelated)
    autocorrelation[np.isnan(autocorrelation)] = 0
    white = _prewhitened(values, autocorrelation)

    n = (~np.isnan(white)).sum(axis=1)
    is_over = np.isnan(values[:, -1])
    is_short = n < params.fewest
    reasons = np.char.add(n.astype(str), f" points can be tested, {params.fewest} are needed")
    reasons = np.where(is_over, "nothing is known of the newest period", reasons).astype(object)
    reasons[~(is_over | is_short)] = None
    tested = np.flatnonzero(~(is_over | is_short))
    parts = [
        _tests(white[tested[start : start + _AT_ONCE]], params.confidence)
        # an empty one tells the columns where nothing is tested
        for start in range(0, max(len(tested), 1), _AT_ONCE)
    ]
    tests = pd.concat(parts, ignore_index=True).set_index(tested)
    tests["q_value"] = false_discovery_control(tests["p_value"]) if len(tested) else np.nan
    tests["autocorrelation"] = autocorrelation[tested]
    tests["direction"] = np.select(
        [tests["q_value"] > params.false_discoveries, tests["s"] > 0], ["none", "rising"], "falling"
    )
    found = pd.DataFrame({"n": n, "reason": reasons}).join(tests)
    return found[list(OUTPUT)].astype({"direction": object})


def _autocorrelation(values: Floats) -> Floats:
    """Of each series at lag 1 without its slope, unbiased; NaN where that cannot be told."""
    slopes, pairs = _slopes(values)
    level = values - _at(slopes, (pairs - 1) / 2)[:, None] * np.arange(values.shape[1])
    n = (~np.isnan(values)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = level - (np.nansum(level, axis=1) / n)[:, None]
        products = level[:, 1:] * level[:, :-1]
        covariance = np.nansum(products, axis=1) / (~np.isnan(products)).sum(axis=1) * (n - 1)
        found = covariance / np.nansum(level**2, axis=1)
        return np.where(n > 4, (n * found + 2) / (n - 4), np.nan)


def _prewhitened(values: Floats, autocorrelation: Floats) -> Floats:
    """Each value without what the one before tells of it, in units of the series.

    A series without autocorrelation stays as it is; else a value that follows a gap is NaN.
    """
    before = np.hstack([np.full((len(values), 1), np.nan), values[:, :-1]])
    taken = autocorrelation[:, None]
    return np.where(taken == 0, values, (values - taken * before) / (1 - taken))


def _tests(values: Floats, confidence: float) -> pd.DataFrame:
    """n, s, tau, p_value and the slopes of series that have enough points."""
    slopes, pairs = _slopes(values)
    s = np.nansum(np.sign(slopes), axis=1)
    n = (~np.isnan(values)).sum(axis=1)
    # how many points, itself among them, have the value of each
    alike = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    tied = np.where(alike > 0, alike - 1, 0)
    # Kendall (1975): the variance of s where values are tied
    variance = (n * (n - 1) * (2 * n + 5) - (tied * (2 * alike + 5)).sum(axis=1)) / 18
    untied = pairs - tied.sum(axis=1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(variance > 0, (s - np.sign(s)) / np.sqrt(variance), 0.0)
        tau = np.where(untied > 0, s / np.sqrt(pairs * untied), 0.0)
    # Sen (1968): between which of all slopes in order the true one lies
    reach = norm.isf((1 - confidence) / 2) * np.sqrt(variance)
    return pd.DataFrame(
        {
            "s": s,
            "tau": tau,
            "p_value": 2 * norm.sf(np.abs(z)),
            "slope": _at(slopes, (pairs - 1) / 2),
            "slope_lower": _at(slopes, np.round((pairs - reach) / 2) - 1),
            "slope_upper": _at(slopes, np.round((pairs + reach) / 2)),
        }
    )


def _slopes(values: Floats) -> tuple[Floats, Integers]:
    """The slope between any two points of each series, in order and then NaN, and how many."""
    first, second = np.triu_indices(values.shape[1], 1)
    slopes = np.sort((values[:, second] - values[:, first]) / (second - first), axis=1)
    return slopes, (~np.isnan(slopes)).sum(axis=1)


def _at(ordered: Floats, positions: Floats) -> Floats:
    """Of each row the value at a place counted from 0, halves between two; NaN in an empty row."""
    last = (~np.isnan(ordered)).sum(axis=1) - 1
    places = np.clip(positions, 0, np.maximum(last, 0))
    below, above = np.floor(places).astype(np.int64), np.ceil(places).astype(np.int64)
    rows = np.arange(len(ordered))
    found: Floats = (ordered[rows, below] + ordered[rows, above]) / 2
    return found
