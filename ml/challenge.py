"""Whether a challenger takes the champion's place, by what both said of the same rows.

Each row has a loss of each of them and of a naive answer. The challenger wins once it is shown to
keep most of what the champion gains over the naive answer (non-inferiority), because having learned
from newer data is a reason to serve by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

# Nothing is decided with outcomes of fewer days, or of fewer entities that had something to find.
LEAST_DAYS = 7
LEAST_ENTITIES = 5
# A challenge that outcomes do not decide in so many days is decided by the gate.
MOST_DAYS = 14
# The share of the champion's gain over the naive answer that the challenger may lack.
TOLERATED = 0.2
CONFIDENCE = 0.95

OPEN, NOT_WORSE, WORSE, LEFT_TO_GATE = "open", "not_worse", "worse", "gate"


class Interval(NamedTuple):
    """A mean and the ends of its 95 % interval, NaN where there is nothing to tell."""

    mean: float
    lower: float
    upper: float


class Comparison(NamedTuple):
    """What the rows told of by both say, and what follows.

    `n` rows of `days`, `entities` of them with something to find. Losses are means per row,
    `difference` is the challenger's less the champion's, with the ends of its 95 % interval, and
    `margin` how large it may be; NaN where there is nothing to tell. `verdict` is ``open``,
    ``not_worse``, ``worse`` or ``gate``, `reason` one line.
    """

    n: int
    days: int
    entities: int
    champion_loss: float
    challenger_loss: float
    naive_loss: float
    difference: float
    difference_lower: float
    difference_upper: float
    margin: float
    verdict: str
    reason: str


def compare(cells: pd.DataFrame, is_over: bool) -> Comparison:
    """Judge a challenge by its rows, added up by entity and day; `is_over` once it must end.

    `cells` has one row per entity and day: entity and day (any type), n and events (rows, and those
    with something to find), champion, challenger and naive (sums of losses, float64).
    """
    n = int(cells["n"].sum())
    days = int(cells["day"].nunique())
    entities = int(cells.loc[cells["events"] > 0, "entity"].nunique())
    champion, challenger, naive = (
        float(cells[name].sum()) / n if n else float("nan")
        for name in ("champion", "challenger", "naive")
    )
    found = clustered_interval(cells.assign(total=cells["challenger"] - cells["champion"]))
    margin = TOLERATED * max(naive - champion, 0.0) if n else float("nan")
    figures = (
        f"mean loss {challenger:.4g} against {champion:.4g}, "
        f"{found.lower:+.4g} to {found.upper:+.4g} with {margin:.4g} allowed"
    )
    if days < LEAST_DAYS or entities < LEAST_ENTITIES:
        verdict, reason = (
            OPEN,
            (
                f"outcomes of {days} days, {LEAST_DAYS} needed, and {entities} devices, "
                f"{LEAST_ENTITIES} needed"
            ),
        )
    elif found.upper <= margin:
        verdict, reason = NOT_WORSE, f"not worse: {figures}"
    elif found.lower > 0.0:
        verdict, reason = WORSE, f"worse: {figures}"
    else:
        verdict, reason = OPEN, f"undecided: {figures}"
    if is_over and verdict == OPEN:
        verdict, reason = LEFT_TO_GATE, f"left to the gate after {MOST_DAYS} days: {reason}"
    return Comparison(
        n,
        days,
        entities,
        champion,
        challenger,
        naive,
        *found,
        margin,
        verdict,
        reason,
    )


def clustered_interval(cells: pd.DataFrame) -> Interval:
    """The mean of `total` per row and its 95 % interval; rows of an entity or a day are related.

    `cells` has one row per entity and day: entity, day, n (rows) and total (their sum). Variances
    are those of Cameron, Gelbach and Miller (2011, Journal of Business & Economic Statistics 29,
    238-249): by entities plus by days less by both, each with its G / (G - 1), and no less than any
    of the three. The quantile is Student's with the fewer clusters less one. With one entity or day
    the ends are NaN.
    """
    n = int(cells["n"].sum())
    if n == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    mean = float(cells["total"].sum()) / n
    off = cells.assign(off=cells["total"] - mean * cells["n"])
    fewest = min(off["entity"].nunique(), off["day"].nunique())
    if fewest < 2:
        return Interval(mean, float("nan"), float("nan"))
    by_entity, by_day, by_both = (
        _variance(off, by) for by in (["entity"], ["day"], ["entity", "day"])
    )
    variance = max(by_entity + by_day - by_both, by_entity, by_day, by_both) / n**2
    half = float(student.ppf((1.0 + CONFIDENCE) / 2.0, fewest - 1)) * float(np.sqrt(variance))
    return Interval(mean, mean - half, mean + half)


def _variance(cells: pd.DataFrame, by: list[str]) -> float:
    """The variance of the sum of `off`, of clusters that are unrelated."""
    sums = cells.groupby(by)["off"].sum()
    return float((sums**2).sum()) * len(sums) / (len(sums) - 1)
