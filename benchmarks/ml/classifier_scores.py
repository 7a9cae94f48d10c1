"""The figures of a binary event, ours beside the baseline and peers, as scores of a set."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks.ml.results import Score
from ml.incident import IncidentModel
from ml.probability_scores import (
    brier_skill,
    expected_calibration_error,
    precision_at_top,
    ranking_pr_auc,
)

Floats = NDArray[np.floating[Any]]
# probabilities, or only an order
ORDER_METRICS = ("pr_auc", "roc_auc", "precision_at_top_1pct")


def metrics_of(labels: Floats, said: Floats, reference: float) -> dict[str, float]:
    """All metrics of probabilities; brier_skill is over always saying `reference`."""
    return {
        "pr_auc": ranking_pr_auc(labels, said),
        "roc_auc": float(roc_auc_score(labels, said)),
        "precision_at_top_1pct": precision_at_top(labels, said),
        "brier_skill": brier_skill(labels, said, reference),
        "ece": expected_calibration_error(labels, said),
    }


def scores_of(
    labels: Floats,
    ours: Floats,
    order: Floats,
    naive: Floats | None,
    peers: Mapping[str, Floats],
    goals: Mapping[str, float | None],
    reference: float,
) -> list[Score]:
    """A score for each metric of `goals`.

    `order` is what the baseline orders by, `naive` its probabilities; None leaves its Brier skill
    and calibration error open. A goal may be None.
    """
    baseline = metrics_of(labels, order if naive is None else naive, reference)
    baseline |= {
        name: metrics_of(labels, order, reference)[name] for name in goals if name in ORDER_METRICS
    }
    found = metrics_of(labels, ours, reference)
    others = {name: metrics_of(labels, said, reference) for name, said in peers.items()}
    return [
        Score(
            metric=metric,
            ours=found[metric],
            naive=None if naive is None and metric not in ORDER_METRICS else baseline[metric],
            goal=goal,
            is_higher_better=metric != "ece",
            peers={name: each[metric] for name, each in others.items()},
        )
        for metric, goal in goals.items()
    ]


def rows_per_second(model: IncidentModel, frame: pd.DataFrame) -> float:
    """Rows that `predict` scores in a second, factors of the flagged ones included."""
    started = time.perf_counter()
    model.predict(frame)
    return len(frame) / (time.perf_counter() - started)
