"""The incident model beside its naive baseline, on stretches of time neither has seen.

The baseline orders rows by one column (events in the last 365 days). Where a probability is asked
for, it says how often rows with that value had an event in training, made non-decreasing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from ml.backtest import Measure, backtest_frame, pair
from ml.grid import Floats
from ml.incident import fit, require
from ml.incident_params import IncidentParams
from ml.probability_scores import (
    brier_skill,
    expected_calibration_error,
    precision_at_top,
    ranking_pr_auc,
)
from ml.trials import TimeFold, has_both, learnable, newest_known, time_folds, within

SLICE = "all"


def backtest(frame: pd.DataFrame, params: IncidentParams) -> pd.DataFrame:
    """Rolling folds, newest last; no rows for a fold with too few events before or in it.

    A fold's model is fitted, with all it chooses, on rows whose labels were known when the test
    stretch began. Returns the long frame of `ml.backtest`: fold, slice, metric, value,
    baseline_value, n, with metrics pr_auc, precision_at_top_1pct, brier_skill (over always saying
    the training rate), ece, and is_published: 0 where the model would have abstained, its other
    figures then being those of what it kept to itself. Raises ValueError as `fit` does.
    """
    require(frame, params, (params.label, params.baseline))
    labelled = frame[frame[params.label].notna()]
    if labelled.empty:
        return backtest_frame([])
    rows = learnable(labelled, params, newest_known(labelled, params))
    rows = rows.sort_values([params.as_of, params.entity], kind="stable", ignore_index=True)
    return backtest_frame(
        measure for fold in time_folds(rows, params) for measure in measures_of(rows, params, fold)
    )


def measures_of(rows: pd.DataFrame, params: IncidentParams, fold: TimeFold) -> Iterator[Measure]:
    """Everything measured on one fold."""
    old, new = learnable(rows, params, fold.test_start), within(rows, params, fold)
    if not (has_both(old, params) and has_both(new, params)):
        return
    model = fit(old, params, fold.test_start)
    labels = new[params.label].to_numpy(dtype=np.float64)
    said, order = model.probabilities(new), baseline_of(new, params)
    naive = baseline_probability(old, new, params)

    def measure(metric: str, value: float, baseline: float) -> Measure:
        return Measure(fold.number, SLICE, metric, value, baseline, len(new))

    yield measure("pr_auc", *pair(ranking_pr_auc(labels, each) for each in (said, order)))
    yield measure(
        "precision_at_top_1pct", *pair(precision_at_top(labels, each) for each in (said, order))
    )
    yield measure(
        "brier_skill",
        *pair(brier_skill(labels, each, model.base_rate) for each in (said, naive)),
    )
    yield measure("ece", *pair(expected_calibration_error(labels, each) for each in (said, naive)))
    yield measure("is_published", float(model.abstains is None), 1.0)


def baseline_of(rows: pd.DataFrame, params: IncidentParams) -> Floats:
    """The column to order by, float64 (n,); a row without a value comes last."""
    values = rows[params.baseline].to_numpy(dtype=np.float64)
    return np.where(np.isnan(values), -np.inf, values)


def baseline_probability(old: pd.DataFrame, new: pd.DataFrame, params: IncidentParams) -> Floats:
    """How often rows of `old` with the baseline value of each row of `new` had an event."""
    values, asked = (np.maximum(baseline_of(each, params), -1e9) for each in (old, new))
    curve = IsotonicRegression(out_of_bounds="clip")
    labels = old[params.label].to_numpy(dtype=np.float64)
    rates: Floats = curve.fit(values, labels).predict(asked)
    return rates
