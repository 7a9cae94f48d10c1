"""How good probabilities of rare events are. Accuracy is left out: "never" would win it."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import average_precision_score

from ml.grid import Floats

BINS = 10
LEAST_PROBABILITY = 1e-4


def ranking_pr_auc(labels: Floats, scores: Floats) -> float:
    """Average precision of an order, higher first; NaN without events."""
    return float(average_precision_score(labels, scores)) if labels.any() else float("nan")


def precision_at_top(labels: Floats, scores: Floats, share: float = 0.01) -> float:
    """Share of events among the `share` of rows (at least one) with the highest scores.

    Rows of equal score at the edge count by their mean label, so that the order of rows, which
    may follow the entity, does not decide.
    """
    wanted = max(round(share * len(scores)), 1)
    edge = np.sort(scores)[-wanted]
    above, level = scores > edge, scores == edge
    hits = labels[above].sum() + (wanted - above.sum()) * labels[level].mean()
    return float(hits / wanted)


def brier_skill(labels: Floats, probabilities: Floats, reference: float) -> float:
    """1 - Brier score over that of always saying `reference`; NaN if that one is never wrong."""
    naive = float(np.mean((reference - labels) ** 2))
    return 1.0 - float(np.mean((probabilities - labels) ** 2)) / naive if naive else float("nan")


def expected_calibration_error(labels: Floats, probabilities: Floats) -> float:
    """Mean over ten bins of equal count of |observed - predicted|.

    Bins of equal width would hold nearly all rows of a rare event in one bin and pass anything.
    """
    order = np.argsort(probabilities, kind="stable")
    parts = [part for part in np.array_split(order, BINS) if len(part)]
    gaps = [len(part) * abs(labels[part].mean() - probabilities[part].mean()) for part in parts]
    return float(sum(gaps) / len(labels))


def log_loss(labels: Floats, probabilities: Floats) -> float:
    """Mean negative log likelihood, probabilities kept 1e-4 away from 0 and 1."""
    likely = np.clip(probabilities, LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)
    return float(-np.mean(labels * np.log(likely) + (1.0 - labels) * np.log1p(-likely)))
