"""Alerts: runs of flagged steps, and the threshold that keeps them within a budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ml.grid import Bools, Floats, Ints

CANDIDATES = 400
MOST_FLAGGED = 0.2


def alert_starts(flagged: Bools, gap: int) -> Bools:
    """Where an alert begins, bool (D, T): flagged, and none of the `gap` + 1 steps before was."""
    recent = np.zeros_like(flagged)
    for lag in range(1, gap + 2):
        recent[:, lag:] |= flagged[:, :-lag]
    return flagged & ~recent


def alert_numbers(flagged: Bools, gap: int) -> Ints:
    """The number of the alert each flagged step belongs to, from 1, 0 elsewhere; int64 (D, T)."""
    numbers = np.cumsum(alert_starts(flagged, gap)).reshape(flagged.shape)
    return np.where(flagged, numbers, 0)


def budget_threshold(scores: Floats, alerts: float, gap: int) -> float:
    """The lowest score that may raise an alert without raising more than `alerts` of them.

    `scores`: (D, T), NaN where there is none. Infinity if one alert is already too many. Thresholds
    are tried from the highest score downwards and the search stops at the first that breaks the
    budget: far below it alerts melt into each other and their number falls again.
    """
    known = scores[np.isfinite(scores)]
    if not len(known):
        return float("inf")
    ordered = np.unique(known)[::-1]
    lowest = max(1, int((ordered >= np.quantile(known, 1 - MOST_FLAGGED)).sum()))
    ranks: NDArray[np.intp] = np.unique(np.geomspace(1, lowest, CANDIDATES).astype(np.intp)) - 1
    comparable = np.where(np.isfinite(scores), scores, -np.inf)
    best = float("inf")
    for candidate in ordered[ranks]:
        if alert_starts(comparable >= candidate, gap).sum() > alerts:
            break
        best = float(candidate)
    return best
