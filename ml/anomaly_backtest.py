"""The anomaly model beside its naive baseline on days neither has seen.

Real series have no labels, so each test fold is scored as recorded and with known faults put into
copies (slice ``injected``, and ``injected/<kind>``). Where incidents of the devices are known there
is also a slice ``incident``. Precision and recall *at budget* compare both detectors at the number
of alerts the budget allows on the fold as recorded. How well the shipped threshold, chosen in
training, keeps that budget is ``alerts_per_device_week`` of slice ``recorded``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from ml.alerts import alert_starts, budget_threshold
from ml.anomaly import fit_grid
from ml.anomaly_params import EXTRAS, IS_INCIDENT, IS_MASKED, AnomalyParams
from ml.backtest import (
    Detector,
    Fold,
    Measure,
    Span,
    backtest_frame,
    detection_measures,
    pair,
    recall_measure,
    rolling_folds,
    spans_of,
)
from ml.gate import Gate, Gated
from ml.grid import Floats, Grid, grid_of
from ml.injection import DAYS_PER_EVENT, KINDS, inject

INJECTED = "injected"
# PR-AUC must be better; recall rests on a few dozen events, of which one or two are chance
GATE = Gate(INJECTED, (Gated("pr_auc"), Gated("recall_at_budget", naive_tolerance=0.05)))
EVENTS_WANTED = 200
MOST_COPIES = 8


class Fitted(Protocol):
    """A model of anomalies as its trial needs it: `ml.anomaly` or its challenger."""

    @property
    def threshold(self) -> float: ...

    @property
    def baseline_threshold(self) -> float: ...

    def scores(self, grid: Grid, first: int) -> tuple[Floats, Floats]:
        """Raw and baseline scores from column `first` on, (D, T - first), NaN where not scored."""
        ...


Fit = Callable[[Grid, AnomalyParams, pd.Timestamp], Fitted]


def backtest(frame: pd.DataFrame, params: AnomalyParams, fit: Fit = fit_grid) -> pd.DataFrame:
    """Three rolling folds, newest last; no rows where the history is too short.

    `fit` is the `fit_grid` of the model to try. Returns the long frame of `ml.backtest`: fold,
    slice, metric, value, baseline_value, n.
    """
    grid = grid_of(frame, params.axis, params.metrics, EXTRAS)
    folds = rolling_folds(grid.newest_column() + 1, params.axis.steps_per_day)
    return backtest_frame(
        measure for fold in folds for measure in trial_of(grid, params, fold, fit).measures()
    )


@dataclass(frozen=True)
class Trial:
    """A fold's model, the grid it is tested on and the columns first <= t < last that count."""

    fold: Fold
    params: AnomalyParams
    model: Fitted
    grid: Grid
    first: int
    last: int

    def measures(self) -> Iterator[Measure]:
        """Everything measured on the fold."""
        recorded = self.scores(self.grid)
        weeks = np.isfinite(recorded[0]).sum() / (7 * self.params.axis.steps_per_day)
        budget = self.params.alerts_per_device_week * weeks
        gap = self.params.alert_gap
        number = self.fold.number

        trained = (self.model.threshold, self.model.baseline_threshold)
        shipped = map(Detector, recorded, trained)
        alerts = pair(float(alert_starts(d.flagged, gap).sum() / weeks) for d in shipped)
        yield Measure(number, "recorded", "alerts_per_device_week", *alerts, recorded[0].size)

        thresholds = pair(budget_threshold(scores, budget, gap) for scores in recorded)
        incident = self.grid.extras[IS_INCIDENT][:, self.first : self.last] > 0
        if incident.any():
            model, baseline = map(Detector, recorded, thresholds)
            spans = spans_of(incident)
            yield from detection_measures(number, "incident", model, baseline, incident, spans, gap)
        yield from self.injected_measures(thresholds)

    def injected_measures(self, thresholds: tuple[float, float]) -> Iterator[Measure]:
        """What is found of faults put into copies of the fold.

        Small estates get several copies, so that every fold has enough events to measure. Steps
        known to be odd for real count neither way.
        """
        extras, devices = self.grid.extras, len(self.grid.entities)
        known = (extras[IS_MASKED] > 0) | (extras[IS_INCIDENT] > 0)
        quiet = np.where(known[:, self.first : self.last], np.nan, 0.0)
        movable = set(self.params.metrics) - set(self.params.reset_metrics)
        metrics = [m for m, name in enumerate(self.params.metrics) if name in movable]
        device_days = devices * (self.last - self.first) / self.params.axis.steps_per_day
        copies = min(math.ceil(EVENTS_WANTED * DAYS_PER_EVENT / device_days), MOST_COPIES)

        scores, faulty, spans, kinds = [], [], [], []
        for copy in range(copies):
            seed = (self.params.seed, self.fold.number, copy)
            faults = inject(self.grid, self.first, self.last, metrics, seed)
            scores.append([each + quiet for each in self.scores(faults.grid)])
            faulty.append(faults.is_faulty[:, self.first : self.last])
            for event in faults.events:
                row = event.device + copy * devices
                spans.append(Span(row, event.start - self.first, event.end - self.first))
                kinds.append(event.kind)
        copied = [np.concatenate(each) for each in zip(*scores, strict=True)]
        model, baseline = map(Detector, copied, thresholds)
        number, gap = self.fold.number, self.params.alert_gap
        is_event = np.concatenate(faulty)
        yield from detection_measures(number, INJECTED, model, baseline, is_event, spans, gap)
        for kind in KINDS:
            of_kind = [span for span, each in zip(spans, kinds, strict=True) if each == kind]
            if of_kind:
                yield recall_measure(number, f"{INJECTED}/{kind}", model, baseline, of_kind)

    def scores(self, grid: Grid) -> tuple[Floats, Floats]:
        """Raw and baseline scores of the columns that count, (D, last - first)."""
        raw, baseline = self.model.scores(grid, self.first)
        steps = self.last - self.first
        return raw[:, :steps], baseline[:, :steps]


def trial_of(grid: Grid, params: AnomalyParams, fold: Fold, fit: Fit) -> Trial:
    """Fit on what lies before a fold; the trial looks at no more history than production would."""
    per_day = params.axis.steps_per_day
    oldest = max(fold.train_end // per_day - params.train_days - params.history_days, 0) * per_day
    shown = grid.part(slice(None), slice(oldest, -(-fold.test_end // per_day) * per_day))
    model = fit(shown, params, shown.moment(fold.train_end - oldest))
    return Trial(fold, params, model, shown, fold.test_start - oldest, fold.test_end - oldest)
