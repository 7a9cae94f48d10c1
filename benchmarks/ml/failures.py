"""Failures within seven days from a list of failures: one way for LANL and the disk enclosures.

An entity-week is positive if a failure of the entity starts in as_of <= t < as_of + 7 days. The
baseline orders by failures in as_of - 365 days <= t < as_of; its probability is how often that
count was followed by a failure in training, made non-decreasing. The Brier skill is over always
saying the share of events in training; the calibration error has ten bins of equal count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from benchmarks.ml.classifier_scores import Floats, rows_per_second, scores_of
from benchmarks.ml.results import SetResult
from ml.event_history import FALLING, history_features, history_names, rate_names, rising_names
from ml.incident import IncidentParams, fit
from ml.incident_backtest import baseline_of, baseline_probability

HORIZON = pd.Timedelta(days=7)
COUNTED_DAYS = (30, 90, 365)


@dataclass(frozen=True)
class Failures:
    """`events`, `entities`, `rows` as `ml.event_history` wants them; the test starts at `cut`."""

    name: str
    events: pd.DataFrame
    entities: pd.DataFrame
    rows: pd.DataFrame
    cut: pd.Timestamp
    kinds: tuple[str, ...] = ()


def measure(failures: Failures, goals: Mapping[str, float | None]) -> SetResult:
    """Fit the incident model before the cut, score what comes after it."""
    params = params_of(failures.kinds)
    frame = frame_of(failures)
    train = frame[frame["as_of"] <= failures.cut - HORIZON]
    test = frame[frame["as_of"] >= failures.cut]
    model = fit(train, params, failures.cut)
    labels = test["is_incident"].to_numpy(dtype=np.float64)
    return SetResult(
        name=failures.name,
        split=f"weekly, {len(train):,} rows to a week before {failures.cut:%Y-%m-%d}, "
        f"then {len(test):,} ({model.method})",
        baseline="failures in 365 days",
        compared_by="pr_auc",
        scores=scores_of(
            labels,
            model.probabilities(test),
            baseline_of(test, params),
            baseline_probability(train, test, params),
            peers_of(train, test),
            goals,
            model.base_rate,
        ),
        rows_per_s=rows_per_second(model, test),
        abstention=model.abstains,
    )


def params_of(kinds: tuple[str, ...]) -> IncidentParams:
    """The production settings on the features of an event list."""
    return IncidentParams(
        features=history_names(kinds),
        entity="entity",
        rising=rising_names(kinds),
        falling=FALLING,
        additive=rate_names(kinds),
    )


def frame_of(failures: Failures) -> pd.DataFrame:
    """Rows with features, label and exact counts of past failures, `count_30d` and so on."""
    rows = failures.rows.reset_index(drop=True)
    features = history_features(failures.events, failures.entities, rows, failures.kinds)
    frame = pd.concat([rows, features], axis=1)
    frame["is_incident"] = failures_between(failures.events, rows, pd.Timedelta(0), HORIZON) > 0
    for days in COUNTED_DAYS:
        past = pd.Timedelta(days=-days)
        frame[f"count_{days}d"] = failures_between(failures.events, rows, past, pd.Timedelta(0))
    return frame.astype({"is_incident": "float64"})


def failures_between(
    events: pd.DataFrame, rows: pd.DataFrame, first: pd.Timedelta, last: pd.Timedelta
) -> Floats:
    """Failures of a row's entity with as_of + first <= t < as_of + last, float64 (n,)."""
    result = np.zeros(len(rows))
    started: dict[Any, NDArray[Any]] = {
        entity: np.sort(times.to_numpy())
        for entity, times in events.groupby("entity")["started_at"]
    }
    as_of = rows["as_of"].to_numpy()
    for entity, where in rows.groupby("entity").indices.items():
        times = started.get(entity)
        if times is not None:
            low, high = (as_of[where] + each.to_timedelta64() for each in (first, last))
            result[where] = np.searchsorted(times, high) - np.searchsorted(times, low)
    return result


def peers_of(train: pd.DataFrame, test: pd.DataFrame) -> dict[str, Floats]:
    """Library defaults: a logistic regression on counts of past failures, a forest on more."""
    counts = [*(f"count_{days}d" for days in COUNTED_DAYS), "rate"]
    more = [*counts, "since_last", "age", "group_30d", "size"]
    labels = train["is_incident"].to_numpy(dtype=np.int64)
    logistic = make_pipeline(
        FunctionTransformer(np.log1p), StandardScaler(), LogisticRegression(max_iter=500)
    )
    forest = RandomForestClassifier(200, min_samples_leaf=20, random_state=42)
    return {
        "logistic": logistic.fit(train[counts], labels).predict_proba(test[counts])[:, 1],
        "forest": forest.fit(train[more], labels).predict_proba(test[more])[:, 1],
    }
