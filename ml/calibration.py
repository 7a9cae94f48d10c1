"""Probabilities that mean what they say: as they are, by a sigmoid (Platt 1999) or isotonic.

What is learned on earlier folds is judged on the next one; the kind with the lowest loss there
is then learned on all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml.grid import Floats
from ml.probability_scores import LEAST_PROBABILITY, log_loss

NONE, SIGMOID, ISOTONIC = "none", "sigmoid", "isotonic"
KINDS = (NONE, SIGMOID, ISOTONIC)


@dataclass(frozen=True)
class Calibration:
    """`model` is a fitted scikit-learn regression, None where nothing is changed."""

    kind: str
    model: Any = None

    def __call__(self, probabilities: Floats) -> Floats:
        """Calibrated probabilities, float64 (n,)."""
        if self.kind == SIGMOID:
            sigmoid: Floats = self.model.predict_proba(log_odds(probabilities))[:, 1]
            return sigmoid
        if self.kind == ISOTONIC:
            steps: Floats = self.model.predict(probabilities)
            return steps
        return probabilities


def fit_calibration(
    kind: str, labels: Sequence[Floats], probabilities: Sequence[Floats]
) -> Calibration:
    """A calibration of one kind, learned on folds pooled."""
    if kind == NONE or not labels:
        return Calibration(NONE)
    truth, said = np.concatenate(labels), np.concatenate(probabilities)
    if kind == SIGMOID:
        return Calibration(kind, LogisticRegression(C=1e6).fit(log_odds(said), truth))
    return Calibration(kind, IsotonicRegression(out_of_bounds="clip").fit(said, truth))


def walked_forward(
    kind: str, labels: Sequence[Floats], probabilities: Sequence[Floats]
) -> list[Floats]:
    """Each fold as calibrated by the folds before it; the first as it is."""
    return [
        fit_calibration(kind, labels[:fold], probabilities[:fold])(said)
        for fold, said in enumerate(probabilities)
    ]


def chosen_kind(labels: Sequence[Floats], probabilities: Sequence[Floats]) -> str:
    """The kind with the lowest mean log loss on the second fold and later; none with one fold."""
    if len(labels) < 2:
        return NONE

    def later_loss(kind: str) -> float:
        calibrated = walked_forward(kind, labels, probabilities)
        pairs = zip(labels[1:], calibrated[1:], strict=True)
        return float(np.mean([log_loss(truth, said) for truth, said in pairs]))

    return min(KINDS, key=later_loss)


def log_odds(probabilities: Floats) -> Floats:
    """float64 (n, 1)."""
    likely = np.clip(probabilities, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    odds: Floats = np.log(likely / (1.0 - likely))[:, None]
    return odds
