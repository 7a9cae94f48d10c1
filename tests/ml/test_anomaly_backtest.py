"""The model earns its place: it beats the naive baseline, or it is not promoted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from ml import neighbour_anomaly
from ml.alerts import budget_threshold
from ml.anomaly import AnomalyModel, AnomalyParams
from ml.anomaly_backtest import GATE, backtest
from ml.anomaly_params import EXTRAS
from ml.backtest import (
    Detector,
    Measure,
    Span,
    backtest_frame,
    detection_measures,
    precision,
    recall,
    rolling_folds,
)
from ml.grid import Axis, grid_of
from ml.injection import KINDS, inject
from tests.ml.conftest import PARAMS, Either
from tests.ml.estate import START, Estate, estate

FIRST = 40 * 24


def test_subtle_lasting_faults_are_found_better_than_by_the_naive_baseline(
    faulty_estate: Estate, model: AnomalyModel
) -> None:
    grid = grid_of(faulty_estate.frame, PARAMS.axis, PARAMS.metrics, EXTRAS)
    is_faulty = faulty_estate.is_faulty[:, FIRST:]
    spans = [Span(s.row, s.start - FIRST, s.end - FIRST) for s in faulty_estate.faults]
    detectors = []
    for scores in model.scores(grid, FIRST):
        quiet = np.where(is_faulty, np.nan, scores)
        budget = PARAMS.alerts_per_device_week * np.isfinite(quiet).sum() / (7 * 24)
        detectors.append(Detector(scores, budget_threshold(quiet, budget, PARAMS.alert_gap)))
    measures = {
        measure.metric: measure
        for measure in detection_measures(
            1, "truth", detectors[0], detectors[1], is_faulty, spans, PARAMS.alert_gap
        )
    }
    assert measures["pr_auc"].value > measures["pr_auc"].baseline_value + 0.05
    assert measures["recall_at_budget"].value > measures["recall_at_budget"].baseline_value + 0.05
    assert measures["precision_at_budget"].value > measures["precision_at_budget"].baseline_value
    assert measures["recall_at_budget"].baseline_value < 0.7, "the faults must not be plain to see"


def test_the_backtest_is_whole_repeatable_and_passes_the_gate() -> None:
    frame = estate(hosts=10, days=55, seed=6).frame
    frame["is_incident"] = (frame["device_key"] == 1001) & frame["hour"].between(
        START + pd.Timedelta(days=50), START + pd.Timedelta(days=51)
    )
    found = backtest(frame, PARAMS)
    shuffled = backtest(frame.sample(frac=1.0, random_state=1), PARAMS)
    pd.testing.assert_frame_equal(found, shuffled, check_exact=True)

    assert list(found.columns) == list(Measure._fields)
    assert not found.duplicated(["fold", "slice", "metric"]).any()
    assert set(found["fold"]) == {1, 2, 3}
    assert found.loc[found["slice"] == "incident", "fold"].tolist() == [3, 3, 3]
    gated = found[(found["slice"] == "injected")]
    assert set(gated["metric"]) == {"pr_auc", "precision_at_budget", "recall_at_budget"}
    assert gated.loc[gated["metric"] == "recall_at_budget", "n"].min() >= 40
    assert {f"injected/{kind}" for kind in KINDS} <= set(found["slice"])
    alerts = found[found["metric"] == "alerts_per_device_week"]
    assert alerts["value"].between(0.1, 1.5).all()
    passed, reason = GATE.is_promotable(found)
    assert passed, reason


def test_the_challenger_stands_the_same_trial_and_the_forest_wins_it_at_the_hour() -> None:
    frame = estate(hosts=6, days=55, seed=6).frame
    forest, challenger = (
        backtest(frame, PARAMS, *fit) for fit in ((), (neighbour_anomaly.fit_grid,))
    )
    keys = ["fold", "slice", "metric"]
    assert challenger[keys].equals(forest[keys])
    is_compared = (forest["slice"] == "injected") & (forest["metric"] == "pr_auc")
    assert challenger["baseline_value"][is_compared].to_numpy() == pytest.approx(
        forest["baseline_value"][is_compared].to_numpy(), abs=0.02
    )
    assert forest["value"][is_compared].mean() > challenger["value"][is_compared].mean() + 0.1


def test_a_short_history_has_no_backtest_and_is_not_promoted() -> None:
    short = backtest(estate(hosts=2, days=15, seed=1).frame, PARAMS)
    assert short.empty
    passed, reason = GATE.is_promotable(short)
    assert not passed
    assert "too short" in reason


def test_folds_move_forward_with_an_embargo() -> None:
    folds = rolling_folds(60 * 24, 24)
    assert [(fold.train_end, fold.test_start, fold.test_end) for fold in folds] == [
        (29 * 24, 30 * 24, 40 * 24),
        (39 * 24, 40 * 24, 50 * 24),
        (49 * 24, 50 * 24, 60 * 24),
    ]


@pytest.mark.parametrize(
    ("pr_auc", "found", "champion", "passes"),
    [
        (0.5, 0.6, None, True),
        (0.3, 0.6, None, False),
        (0.5, 0.4, None, False),
        (0.5, 0.6, (0.51, 0.61), True),
        (0.5, 0.6, (0.6, 0.6), False),
        (0.5, 0.6, (0.5, 0.7), False),
        (float("nan"), 0.6, None, False),
    ],
)
def test_the_gate_asks_for_more_than_naive_and_no_less_than_the_champion(
    pr_auc: float, found: float, champion: tuple[float, float] | None, passes: bool
) -> None:
    candidate = measured(pr_auc, found)
    passed, reason = GATE.is_promotable(candidate, measured(*champion) if champion else None)
    assert passed is passes, reason
    assert "\n" not in reason


def measured(pr_auc: float, found: float) -> pd.DataFrame:
    """A backtest against a naive 0.4 and 0.5; its oldest fold is far better than the others."""
    return backtest_frame(
        measure
        for fold, extra in ((1, 0.3), (2, 0.01), (3, -0.01))
        for measure in (
            Measure(fold, "injected", "pr_auc", pr_auc + extra, 0.4, 900),
            Measure(fold, "injected", "recall_at_budget", found + extra, 0.5, 40),
            Measure(fold, "injected/spike", "recall_at_budget", 0.0, 0.9, 40),
        )
    )


def test_precision_counts_alerts_and_recall_counts_events() -> None:
    is_event = np.zeros((2, 30), dtype=np.bool_)
    is_event[0, 10:14] = is_event[1, 20:22] = True
    flagged = np.zeros_like(is_event)
    flagged[0, [9, 11, 12]] = flagged[0, 25] = flagged[1, 5] = True
    assert recall(flagged, [Span(0, 10, 14), Span(1, 20, 22)]) == 0.5
    assert precision(flagged, is_event, gap=2) == pytest.approx(1 / 3)


def test_injected_faults_stay_in_their_window_and_within_what_the_fleet_has_shown() -> None:
    frame = estate(hosts=30, days=40, seed=8).frame
    frame.loc[frame["device_key"] == 1004, "temp_max_celsius"] = np.nan
    grid = grid_of(frame, PARAMS.axis, PARAMS.metrics, EXTRAS)
    metrics = list(range(7))
    faults = inject(grid, 30 * 24, 40 * 24, metrics, seed=1)
    changed = (faults.grid.values != grid.values) & np.isfinite(grid.values)
    assert not changed[:, 7].any(), "uptime was not to be touched"
    assert not (changed.any(axis=1) & ~faults.is_faulty).any()
    assert {event.kind for event in faults.events} == set(KINDS)
    assert all(30 * 24 <= event.start < event.end <= 40 * 24 for event in faults.events)
    for metric in metrics:
        ranges = [np.nanmin(grid.values[:, metric]), np.nanmax(grid.values[:, metric])]
        assert np.nanmin(faults.grid.values[:, metric]) >= ranges[0]
        assert np.nanmax(faults.grid.values[:, metric]) <= ranges[1]
    assert np.array_equal(np.isnan(faults.grid.values), np.isnan(grid.values))
    again = inject(grid, 30 * 24, 40 * 24, metrics, seed=1)
    assert np.array_equal(again.grid.values, faults.grid.values, equal_nan=True)


def test_the_same_class_runs_on_other_columns_and_steps(fit: Callable[..., Either]) -> None:
    """As on a public benchmark: five-minute rows, metrics without names, text for the entity."""
    random = np.random.default_rng(0)
    rows = 12 * 288
    phase = np.sin(np.arange(rows) * 2 * np.pi / 288)
    columns = [f"m{number}" for number in range(12)]
    values = phase[:, None] * random.uniform(0, 1, 12) + random.normal(0, 0.1, (rows, 12))
    values[-600:-560, :5] += 0.5
    frame = pd.DataFrame(values, columns=columns).assign(
        host="omi-1", at=START + pd.to_timedelta(np.arange(rows) * 5, unit="min")
    )
    params = AnomalyParams(
        metrics=tuple(columns),
        log_metrics=(),
        growth_metrics=(),
        reset_metrics=(),
        axis=Axis("host", "at", 5),
        windows=(1, 6, 24),
        pca_components=3,
    )
    model = fit(frame, params, START + pd.Timedelta(days=9))
    scores = model.predict(frame, score_from=START + pd.Timedelta(days=9))
    odd = np.zeros(len(scores), dtype=np.bool_)
    odd[-600:-560] = True
    assert scores["raw_score"][odd].mean() > scores["raw_score"][~odd].quantile(0.99)
    assert set(scores["host"]) == {"omi-1"}
