"""The score of the Numenta Anomaly Benchmark, standard profile.

After Lavin and Ahmad, *Evaluating Real-Time Anomaly Detection Algorithms* (ICMLA 2015), section 3:
of the detections in a labelled window only the earliest counts, the more the earlier it comes; a
missed window costs 1; a detection outside of windows costs up to 0.11, little right after a window.
The sum over files is scaled so that no detection at all scores 0 and perfection 100.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ml.grid import Bools

MISSED, FALSE = 1.0, 0.11
STEEPNESS, FARTHEST = 5.0, 3.0
PROBATION, LONGEST_PROBATION = 0.15, 750


class Outcome(NamedTuple):
    """Of one file: its score without scaling, its windows, those found, and false detections."""

    score: float
    windows: int
    found: int
    false: int


def outcome(detected: Bools, windows: list[tuple[int, int]]) -> Outcome:
    """Score the detections of one file, bool (n,), against windows first <= row <= last.

    Rows on probation, and windows wholly within it, do not count.
    """
    start = probation(len(detected))
    rows = np.flatnonzero(detected)
    rows = rows[rows >= start]
    counted = [window for window in windows if window[1] >= start]
    score, found, outside = 0.0, 0, np.ones(len(rows), dtype=np.bool_)
    for first, last in counted:
        inside = (rows >= first) & (rows <= last)
        outside &= ~inside
        if inside.any():
            length = last - first + 1
            score += weight((rows[inside][0] - last - 1) / length) / weight(-1.0)
            found += 1
        else:
            score -= MISSED
    score += sum(FALSE * after_last(row, windows) for row in rows[outside].tolist())
    return Outcome(score, len(counted), found, int(outside.sum()))


def after_last(row: int, windows: list[tuple[int, int]]) -> float:
    """The weight of a false detection: by how far behind the last window it comes, in widths."""
    past = [window for window in windows if window[1] < row]
    if not past:
        return -1.0
    first, last = max(past, key=lambda window: window[1])
    return weight((row - last) / max(last - first, 1))


def weight(position: float) -> float:
    """Scaled sigmoid: about 1 a window before its end, 0 at its end, -1 far behind it."""
    if position > FARTHEST:
        return -1.0
    return 2.0 / (1.0 + math.exp(STEEPNESS * position)) - 1.0


def probation(rows: int) -> int:
    """How many first rows of a file are for learning only."""
    return min(math.floor(PROBATION * rows), LONGEST_PROBATION)


def scaled(outcomes: Iterable[Outcome]) -> float:
    """The score of all files together: 0 for no detections, 100 for perfect ones."""
    each = list(outcomes)
    windows = sum(one.windows for one in each)
    return 100.0 * (sum(one.score for one in each) + MISSED * windows) / (2.0 * windows)
