"""The probability of at least one event from a rate that is a sum of non-negative parts.

Each part is a decayed rate of past events (own, of the group, of neighbours), so this is a Hawkes
process in discrete time: p = 1 - exp(-rate). Weights maximise the Poisson likelihood with identity
link by iteratively reweighted non-negative least squares (McCullagh, Nelder, Generalized Linear
Models, 1989, section 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LinearRegression

from ml.grid import Floats

ROUNDS = 10
LEAST_WEIGHED_RATE = 1e-4
LEAST_RATE = 1e-5
LIMITS = (1e-6, 0.98)


@dataclass(frozen=True)
class AdditiveRate:
    """`columns`: places in the design matrix; `weights`: one for each and, last, the constant."""

    columns: tuple[int, ...]
    scale: Floats
    weights: Floats

    @classmethod
    def of(cls, matrix: Floats, labels: Floats, columns: tuple[int, ...]) -> AdditiveRate:
        """Fit to a matrix (n, F) whose named columns are not negative, and labels (n,), 0 or 1."""
        scale = matrix[:, columns].mean(axis=0) + 1e-12
        parts = with_constant(matrix[:, columns] / scale)
        rate = np.full(len(labels), labels.mean())
        weights = np.zeros(len(columns) + 1)
        for _ in range(ROUNDS):
            regression = LinearRegression(positive=True, fit_intercept=False)
            importance = 1.0 / np.maximum(rate, LEAST_WEIGHED_RATE)
            weights = regression.fit(parts, labels, sample_weight=importance).coef_
            # half a step: weights of 1 / rate make the full step oscillate
            rate = (rate + np.maximum(parts @ weights, LEAST_RATE)) / 2.0
        return cls(columns, scale, weights)

    def probability(self, matrix: Floats) -> Floats:
        """float64 (n,) for a matrix (n, F)."""
        rate = with_constant(matrix[:, self.columns] / self.scale) @ self.weights
        return np.clip(-np.expm1(-rate), *LIMITS)


def with_constant(parts: Floats) -> Floats:
    return np.column_stack([parts, np.ones(len(parts))])
