"""The classifiers that may vote: those promised, extremely randomised trees, an additive rate."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from sklearn.ensemble import (
    ExtraTreesClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.additive_rate import AdditiveRate
from ml.design_matrix import Design, design_of
from ml.grid import Floats
from ml.incident_params import IncidentParams

ADDITIVE = "additive"
PROMISED = ("logistic", "forest", "boosting")
FOREST_SAMPLE = 0.3


class Member(Protocol):
    """A fitted classifier."""

    def probability(self, matrix: Floats) -> Floats:
        """float64 (n,) for a design matrix (n, F)."""
        ...


@dataclass(frozen=True)
class Estimator:
    """A scikit-learn classifier, on the matrix or on its logarithms."""

    classifier: Any
    is_on_logs: bool

    def probability(self, matrix: Floats) -> Floats:
        """float64 (n,) for a design matrix (n, F)."""
        inputs = signed_log(matrix) if self.is_on_logs else matrix
        found: Floats = self.classifier.predict_proba(inputs)[:, 1]
        return found


@dataclass(frozen=True)
class Members:
    """Fitted members by name, and the design they share."""

    design: Design
    fitted: dict[str, Member]

    def state(self) -> dict[str, Any]:
        """As scikit-learn's estimators, arrays and plain values."""
        return {
            "encoders": self.design.encoders,
            "expected": self.design.expected,
            "fitted": {name: vars(member) for name, member in self.fitted.items()},
        }

    @classmethod
    def of_state(cls, params: IncidentParams, state: Mapping[str, Any]) -> Self:
        """The members whose state it is."""
        fitted: dict[str, Member] = {
            name: AdditiveRate(**member) if name == ADDITIVE else Estimator(**member)
            for name, member in state["fitted"].items()
        }
        return cls(Design(params, state["encoders"], state["expected"]), fitted)

    def probabilities(self, frame: pd.DataFrame) -> dict[str, Floats]:
        """Each member's, float64 (n,)."""
        return self.of_matrix(self.design.matrix(frame))

    def of_matrix(self, matrix: Floats) -> dict[str, Floats]:
        """Each member's for a design matrix (n, F)."""
        return {name: member.probability(matrix) for name, member in self.fitted.items()}


def member_names(params: IncidentParams) -> tuple[str, ...]:
    """All that may be fitted with these settings."""
    additive = (ADDITIVE,) if params.additive else ()
    return ("logistic", "forest", "boosting", "extra_trees", *additive)


def fit_members(
    frame: pd.DataFrame, params: IncidentParams, names: Collection[str] | None = None
) -> Members:
    """Fit the named members (default: all) on rows with labels of both classes."""
    design, matrix = design_of(frame, params)
    labels = frame[params.label].to_numpy(dtype=np.float64)
    fitted: dict[str, Member] = {}
    for name in member_names(params):
        if names is not None and name not in names:
            continue
        if name == ADDITIVE:
            columns = tuple(params.features.index(each) for each in params.additive)
            fitted[name] = AdditiveRate.of(matrix, labels, columns)
        else:
            member = Estimator(new_classifier(name, params, design), name == "logistic")
            inputs = signed_log(matrix) if member.is_on_logs else matrix
            member.classifier.fit(inputs, labels.astype(np.int64))
            fitted[name] = member
    return Members(design, fitted)


def new_classifier(name: str, params: IncidentParams, design: Design) -> Any:
    """An unfitted member; boosting and forest keep to the signs of the design."""
    signs = design.signs if any(design.signs) else None
    trees = {
        "n_estimators": params.trees,
        "max_features": params.tree_features,
        "min_samples_leaf": params.least_leaf,
        "random_state": params.seed,
    }
    if name == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=1000))
    if name == "forest":
        return RandomForestClassifier(max_samples=FOREST_SAMPLE, monotonic_cst=signs, **trees)
    if name == "extra_trees":
        return ExtraTreesClassifier(**trees)
    return HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=120,
        max_leaf_nodes=15,
        min_samples_leaf=max(20, 3 * params.least_leaf),
        l2_regularization=10.0,
        # its held-out rows would be of the same weeks as those it learns from
        early_stopping=False,
        monotonic_cst=signs,
        random_state=params.seed,
    )


def signed_log(values: Floats) -> Floats:
    """Logarithm of counts and of rates down to one in a thousand days, odd in sign."""
    logs: Floats = np.sign(values) * np.log1p(np.abs(values) * 1000.0)
    return logs
