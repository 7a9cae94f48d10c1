"""Which metrics made a step an anomaly: replace each by what was expected and score again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict

import numpy as np

from ml.anomaly_params import AnomalyParams
from ml.decoupling import LARGEST
from ml.grid import Bools, Cells, Floats
from ml.judging import Judged
from ml.rarity import magnitudes_at
from ml.transforms import as_measured

MOST_FACTORS = 3
DIGITS = 6

Score = Callable[[Floats], Floats]


class Factor(TypedDict):
    """`contribution`: what the metric adds to the raw score."""

    metric: str
    value: float
    expected: float
    contribution: float


def factors_at(
    judged: Judged, cells: Cells, params: AnomalyParams, score: Score
) -> list[list[Factor]]:
    """The metrics that contributed most, for each of n (device, step) cells.

    `score` gives raw scores, (n,), of magnitudes, (features, n, M).
    """
    device, step = cells
    magnitudes = magnitudes_at(judged.readings, cells)

    def scores(states: list[Bools]) -> Floats:
        shown = [showing(judged, cells, magnitudes, each) for each in states]
        return score(np.concatenate(shown, axis=1)).reshape(len(states), -1)

    return named(
        params.metrics,
        value=judged.grid.values[device, :, step],
        expected=as_measured(judged.readings.expected, judged.grid, cells, params.forms),
        contributions=contributions_of(len(params.metrics), scores),
        oddest=np.fmax.reduce(magnitudes, axis=0),
        is_known=np.isfinite(magnitudes[0]),
    )


def named(
    metrics: Sequence[str],
    *,
    value: Floats,
    expected: Floats,
    contributions: Floats,
    oddest: Floats,
    is_known: Bools,
) -> list[list[Factor]]:
    """The factors of n cells, the largest contribution first, equal ones by what is oddest.

    All arrays are (n, M); metrics that are not known are not named.
    """
    result: list[list[Factor]] = []
    for row in range(len(value)):
        order = np.lexsort((-np.nan_to_num(oddest[row]), -contributions[row].round(9)))
        result.append(
            [
                Factor(
                    metric=metrics[m],
                    value=brief(value[row, m]),
                    expected=brief(expected[row, m]),
                    contribution=brief(max(contributions[row, m], 0.0)),
                )
                for m in [m for m in order if is_known[row, m]][:MOST_FACTORS]
            ]
        )
    return result


def contributions_of(metrics: int, scores: Callable[[list[Bools]], Floats]) -> Floats:
    """What each metric adds to the raw score of n cells, (n, M).

    `scores` gives raw scores, (states, n), as if in each state only some metrics, bool (M,), had
    strayed. A contribution is the mean of what is lost when the metric alone shows what was
    expected and what is gained when it alone does not: the first and last term of its Shapley
    value. The first by itself would blame nobody where two metrics are each odd enough.
    """
    everything = np.ones(metrics, dtype=np.bool_)
    alone = np.eye(metrics, dtype=np.bool_)
    whole, none, *rest = scores([everything, ~everything, *~alone, *alone])
    lost = whole - np.stack(rest[:metrics])
    gained = np.stack(rest[metrics:]) - none
    result: Floats = ((lost + gained) / 2.0).T
    return result


def showing(judged: Judged, cells: Cells, magnitudes: Floats, shown: Bools) -> Floats:
    """Magnitudes, (features, n, M), as if only some metrics, bool (M,), had strayed."""
    device, step = cells
    readings = judged.readings
    windows = len(readings.own)
    day = step // judged.grid.axis.steps_per_day
    own = readings.own[:, device, :, step].transpose(1, 0, 2)
    own = np.where(np.isfinite(own), own * shown, np.nan)
    limited = np.clip(np.nan_to_num(own), -LARGEST, LARGEST)
    apart = (readings.weights[:, device, day] @ limited[..., None])[..., 0]
    apart /= readings.decoupled_usual[:, device, :, day].transpose(1, 0, 2)
    result = magnitudes * shown
    result[:windows] = np.abs(own)
    result[windows : 2 * windows] = np.where(np.isfinite(own), np.abs(apart * shown), np.nan)
    return result


def brief(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
