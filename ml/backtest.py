"""Rolling-origin folds, alert metrics and the gate, shared by models that raise alerts.

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
GATED_SLICE = "injected"
GATED_METRICS = ("pr_auc", "recall_at_budget")
GATED_FOLDS = 2
CHAMPION_TOLERANCE = 0.02
# PR-AUC must be better; recall rests on a few dozen events, of which one or two are chance
NAIVE_TOLERANCE = {"pr_auc": 0.0, "recall_at_budget": 0.05}


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


def is_promotable(
    backtest: pd.DataFrame, champion_backtest: pd.DataFrame | None = None
) -> tuple[bool, str]:
    """Whether a version may become champion, and why (not), in one line.

    On the newest two folds its mean PR-AUC must beat the naive baseline, and its recall at the
    budget must not fall behind it by more than `NAIVE_TOLERANCE`. Neither may fall more than
    `CHAMPION_TOLERANCE` below the champion's own on its newest folds: a version retrained on newer
    data differs from the champion by the noise between folds, and demanding more would keep the
    luckiest version for ever.
    """
    mine = gate_values(backtest)
    if mine is None:
        return False, "no backtest on three folds with events: the history is too short"
    theirs = None if champion_backtest is None else gate_values(champion_backtest)
    reasons, passed = [], True
    for metric in GATED_METRICS:
        value, naive = mine[metric]
        beats = value > naive - NAIVE_TOLERANCE[metric]
        text = f"{metric} {value:.3f} against naive {naive:.3f}"
        if theirs is not None:
            champion = theirs[metric][0]
            beats = beats and value >= champion - CHAMPION_TOLERANCE
            text += f" and champion {champion:.3f}"
        passed = passed and beats
        reasons.append(text if beats else f"{text} is not enough")
    return passed, "; ".join(reasons)


def gate_values(backtest: pd.DataFrame) -> dict[str, tuple[float, float]] | None:
    """Mean value and baseline value of each gated metric over the newest folds."""
    rows = backtest[backtest["slice"] == GATED_SLICE]
    newest = sorted(rows["fold"].unique())[-GATED_FOLDS:]
    rows = rows[rows["fold"].isin(newest)]
    result = {}
    for metric in GATED_METRICS:
        chosen = rows[rows["metric"] == metric]
        if chosen.empty or chosen[["value", "baseline_value"]].isna().to_numpy().any():
            return None
        result[metric] = (float(chosen["value"].mean()), float(chosen["baseline_value"].mean()))
    return result
