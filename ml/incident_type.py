"""Which type an incident will be of, given that there is one: a multinomial logistic regression.

It ships where it beat the plain shares of the types on the newest incidents known, beyond chance
over their days; else the shares are what it says, the same for every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.abstention import is_beyond_chance
from ml.grid import Floats
from ml.members import signed_log
from ml.probability_scores import LEAST_PROBABILITY

TYPES = (
    "capacity",
    "configuration error",
    "hardware failure",
    "outage",
    "performance",
    "security",
)
HELD_OUT = 0.25
LEAST_ROWS = 40
PRIOR_ROWS = 1.0


@dataclass(frozen=True)
class IncidentTypes:
    """`shares` of `TYPES`, float64 (6,); `classifier` is None where the shares are all there is.

    `loss` and `shares_loss` are the mean log losses on the newest incidents, NaN if untried.
    """

    shares: Floats
    classifier: Any = None
    loss: float = float("nan")
    shares_loss: float = float("nan")

    def probabilities(self, matrix: Floats) -> Floats:
        """Of each type, float64 (n, 6) summing to 1, for a design matrix (n, F)."""
        if self.classifier is None or not len(matrix):
            return np.tile(self.shares, (len(matrix), 1))
        return said_of(self.classifier, matrix)

    def state(self) -> dict[str, Any]:
        """As scikit-learn's estimators, arrays and plain values."""
        return vars(self)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The types whose state it is."""
        return cls(**state)


def fit_types(matrix: Floats, kinds: pd.Series[Any], days: pd.Series[Any]) -> IncidentTypes:
    """Learn from rows with an incident of a known type; others are not looked at.

    `matrix` (n, F) is a design matrix, `kinds` the type of the incident, `days` when the row is of.
    The newest quarter of the days with incidents judges what is learned on those before.
    """
    is_known = kinds.isin(TYPES).to_numpy()
    rows, known = matrix[is_known], kinds[is_known].to_numpy()
    moments = days[is_known].to_numpy()
    shares = shares_of(known)
    if len(known) < LEAST_ROWS:
        return IncidentTypes(shares)
    first_judged = np.sort(moments)[int(len(moments) * (1.0 - HELD_OUT))]
    is_old = moments < first_judged
    if len(set(known[is_old])) < 2:
        return IncidentTypes(shares)
    tried = new_classifier().fit(signed_log(rows[is_old]), known[is_old])
    losses = log_losses(said_of(tried, rows[~is_old]), known[~is_old])
    naive = np.tile(shares_of(known[is_old]), (len(losses), 1))
    shares_losses = log_losses(naive, known[~is_old])
    gains = pd.Series(shares_losses - losses).groupby(moments[~is_old]).mean()
    classifier = None
    if is_beyond_chance(gains):
        classifier = new_classifier().fit(signed_log(rows), known)
    return IncidentTypes(shares, classifier, float(losses.mean()), float(shares_losses.mean()))


def new_classifier() -> Any:
    """An unfitted classifier of types, on logarithms; multinomial by its solver."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))


def shares_of(known: NDArray[Any]) -> Floats:
    """Share of each type, float64 (6,); one incident of each is thought to have been seen."""
    counts = np.asarray([(known == name).sum() + PRIOR_ROWS for name in TYPES], dtype=np.float64)
    shares: Floats = counts / counts.sum()
    return shares


def said_of(classifier: Any, matrix: Floats) -> Floats:
    """What a fitted classifier says of each of `TYPES`; 0 of one it never saw."""
    said = np.zeros((len(matrix), len(TYPES)))
    places = [TYPES.index(name) for name in classifier.classes_]
    said[:, places] = classifier.predict_proba(signed_log(matrix))
    return said


def log_losses(said: Floats, known: NDArray[Any]) -> Floats:
    """Negative logarithm of the probability of the type that came, float64 (n,)."""
    places = [TYPES.index(name) for name in known]
    right = np.maximum(said[np.arange(len(known)), places], LEAST_PROBABILITY)
    losses: Floats = -np.log(right)
    return losses
