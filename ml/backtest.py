"""Rolling-origin folds and alert metrics, shared by models that raise alerts.

A backtest is a long frame: fold (1 = oldest), slice, metric, value, baseline_value, n. Metrics are
those of rare events: PR-AUC over steps, precision (share of alerts that touch an event) and recall
(share of events an alert touches) at the alert budget. Accuracy is never computed: "never alert"
would win it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from ml.alerts import alert_numbers
from ml.grid import Bools, Floats

FOLDS = 3
LONGEST_TEST_DAYS = 10
SHORTEST_TEST_DAYS = 2
EMBARGO_DAYS = 1
LEAST_TRAIN_DAYS = 21
NEAR_STEPS = 2


class Measure(NamedTuple):
    """One row of a backtest."""

    fold: int
    slice: str
    metric: str
    value: float
    baseline_value: float
    n: int


class Span(NamedTuple):
    """An event: a row of the scores, columns start <= t < end."""

    row: int
    start: int
    end: int


@dataclass(frozen=True)
class Fold:
    """Train before column `train_end`, test columns test_start <= t < test_end."""

    number: int
    train_end: int
    test_start: int
    test_end: int


@dataclass(frozen=True)
class Detector:
    """Scores (rows, steps), NaN where there is none, and the lowest score that raises an alert."""

    scores: Floats
    threshold: float

    @property
    def flagged(self) -> Bools:
        return np.where(np.isfinite(self.scores), self.scores, -np.inf) >= self.threshold


def backtest_frame(measures: Iterable[Measure]) -> pd.DataFrame:
    """Measures as the long frame: fold and n int64, value and baseline_value float64."""
    frame = pd.DataFrame(list(measures), columns=list(Measure._fields))
    return frame.astype(
        {"fold": "int64", "value": "float64", "baseline_value": "float64", "n": "int64"}
    )


def rolling_folds(steps: int, per_day: int) -> list[Fold]:
    """Folds over `steps` columns, newest last; none where there are too few days."""
    spare = steps // per_day - LEAST_TRAIN_DAYS - EMBARGO_DAYS
    days = min(spare // FOLDS, LONGEST_TEST_DAYS)
    if days < SHORTEST_TEST_DAYS:
        return []
    folds = []
    for number in range(1, FOLDS + 1):
        test_end = steps - (FOLDS - number) * days * per_day
        test_start = test_end - days * per_day
        folds.append(Fold(number, test_start - EMBARGO_DAYS * per_day, test_start, test_end))
    return folds


def detection_measures(
    fold: int,
    name: str,
    model: Detector,
    baseline: Detector,
    is_event: Bools,
    spans: Sequence[Span],
    gap: int,
) -> Iterator[Measure]:
    """PR-AUC, precision and recall of a model beside its baseline, on slice `name`."""
    steps = int(np.isfinite(model.scores).sum())
    alerts = int(alert_numbers(model.flagged, gap).max(initial=0))
    both = (model, baseline)
    yield Measure(fold, name, "pr_auc", *pair(pr_auc(d.scores, is_event) for d in both), steps)
    yield Measure(
        fold,
        name,
        "precision_at_budget",
        *pair(precision(d.flagged, is_event, gap) for d in both),
        alerts,
    )
    yield recall_measure(fold, name, model, baseline, spans)


def recall_measure(
    fold: int, name: str, model: Detector, baseline: Detector, spans: Sequence[Span]
) -> Measure:
    """Recall of a model beside its baseline, on slice `name`."""
    found = pair(recall(d.flagged, spans) for d in (model, baseline))
    return Measure(fold, name, "recall_at_budget", *found, len(spans))


def pair(values: Iterable[float]) -> tuple[float, float]:
    """The model's value and the baseline's."""
    first, second = values
    return first, second


def pr_auc(scores: Floats, is_event: Bools) -> float:
    """Average precision over the steps that have a score; NaN without events."""
    known = np.isfinite(scores)
    if not is_event[known].any():
        return float("nan")
    return float(average_precision_score(is_event[known], scores[known]))


def recall(flagged: Bools, spans: Sequence[Span]) -> float:
    """Share of events with a flagged step; NaN without events."""
    hits = [bool(flagged[row, start:end].any()) for row, start, end in spans]
    return float(np.mean(hits)) if hits else float("nan")


def precision(flagged: Bools, is_event: Bools, gap: int) -> float:
    """Share of alerts with a step at most two steps from an event; NaN without alerts."""
    numbers = alert_numbers(flagged, gap)
    count = int(numbers.max(initial=0))
    if count == 0:
        return float("nan")
    near = is_event.copy()
    for lag in range(1, NEAR_STEPS + 1):
        near[:, lag:] |= is_event[:, :-lag]
        near[:, :-lag] |= is_event[:, lag:]
    return len(np.unique(numbers[near & flagged])) / count


def spans_of(is_event: Bools) -> list[Span]:
    """Runs of event steps."""
    edges = np.diff(np.pad(is_event.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    found = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return [Span(row, start, end) for row, start, end in found]
