"""Who votes: the members whose mean probability had the lowest loss on past folds.

Every subset is tried, single members among them, so that a vote ships only where it beats its
members there. Among equals the smaller subset wins.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np

from ml.grid import Floats
from ml.probability_scores import log_loss
from ml.trials import Trial


def chosen_members(trials: Sequence[Trial]) -> tuple[str, ...]:
    """The subset with the lowest log loss, as a mean over folds."""
    names = tuple(trials[0].probabilities)
    subsets = [each for size in range(1, len(names) + 1) for each in combinations(names, size)]
    return min(subsets, key=lambda subset: mean_loss(trials, subset))


def mean_loss(trials: Sequence[Trial], names: Collection[str]) -> float:
    """Mean over folds of the log loss of the vote of some members."""
    losses = [log_loss(trial.labels, vote_of(trial.probabilities, names)) for trial in trials]
    return float(np.mean(losses))


def vote_of(probabilities: dict[str, Floats], names: Collection[str]) -> Floats:
    """The mean of the named members' probabilities, float64 (n,)."""
    mean: Floats = np.mean([probabilities[name] for name in names], axis=0)
    return mean
