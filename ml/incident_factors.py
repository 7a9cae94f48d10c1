"""Which features made an event likely: replace each by its expected value and predict again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import numpy as np

from ml.grid import Floats

MOST_FACTORS = 3
DIGITS = 6
CELLS_AT_ONCE = 20_000_000


class IncidentFactor(TypedDict):
    """`contribution`: how much less likely the event is with the expected value.

    For a category, `value` and `expected` are shares of events: its own and the overall one.
    """

    feature: str
    value: float
    expected: float
    contribution: float


def factors_of(
    matrix: Floats,
    sources: tuple[str, ...],
    expected: Floats,
    probability: Callable[[Floats], Floats],
) -> list[list[IncidentFactor]]:
    """The features that contributed most, for each of n rows of a design matrix (n, F).

    `sources` gives the feature behind each column; columns of one feature are replaced together.
    """
    names = list(dict.fromkeys(sources))
    contributions = contributions_of(matrix, sources, names, expected, probability)
    column = [sources.index(name) for name in names]
    result: list[list[IncidentFactor]] = []
    for row, gains in enumerate(contributions):
        order = np.argsort(-gains.round(9), kind="stable")[:MOST_FACTORS]
        result.append(
            [
                IncidentFactor(
                    feature=names[place],
                    value=brief(matrix[row, column[place]]),
                    expected=brief(expected[column[place]]),
                    contribution=brief(gains[place]),
                )
                for place in order
                if gains[place] > 0.0
            ]
        )
    return result


def contributions_of(
    matrix: Floats,
    sources: tuple[str, ...],
    names: list[str],
    expected: Floats,
    probability: Callable[[Floats], Floats],
) -> Floats:
    """What each of the named features adds to the probability, float64 (n, features)."""
    is_of = np.asarray([[source == name for source in sources] for name in names])
    rows_at_once = max(CELLS_AT_ONCE // (len(names) * len(sources)), 1)
    parts = [np.empty((0, len(names)))]
    for first in range(0, len(matrix), rows_at_once):
        part = matrix[first : first + rows_at_once]
        changed = np.where(is_of[:, None, :], expected, part)
        said = probability(changed.reshape(-1, len(sources))).reshape(len(names), -1)
        parts.append((probability(part) - said).T)
    return np.concatenate(parts)


def brief(number: float) -> float:
    return float(f"{number:.{DIGITS}g}")
