"""Alerts: as many as the budget allows, graded, and explained by what moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.alerts import alert_numbers, alert_starts, budget_threshold
from ml.anomaly import AnomalyModel, AnomalyParams, fit
from tests.ml.conftest import TRAIN_END
from tests.ml.estate import FAULTS, START, Estate, estate

WEEK = 7 * 24


def test_gaps_of_two_hours_belong_to_one_alert() -> None:
    flagged = np.array([[1, 0, 0, 1, 0, 0, 0, 1], [0, 1, 1, 0, 0, 0, 0, 0]], dtype=np.bool_)
    assert alert_starts(flagged, gap=2).sum() == 3
    assert alert_numbers(flagged, gap=2).tolist() == [
        [1, 0, 0, 1, 0, 0, 0, 2],
        [0, 3, 3, 0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("alerts", [0.0, 1.0, 4.0, 20.0])
def test_the_lowest_threshold_within_the_budget_is_found(alerts: float) -> None:
    scores = np.random.default_rng(1).normal(size=(6, 500))
    scores[2, 100:110] = np.nan
    threshold = budget_threshold(scores, alerts, gap=2)
    assert alert_starts(scores >= threshold, gap=2).sum() <= alerts
    lower = np.sort(scores[scores < threshold])[-1 - int(alerts)]
    assert alert_starts(scores >= lower, gap=2).sum() > alerts


def test_the_budget_holds_on_quiet_weeks_to_come() -> None:
    quiet = estate(hosts=25, days=85, seed=9).frame
    end = START + pd.Timedelta(days=65)
    model = fit(quiet, AnomalyParams(), end)
    scores = model.predict(quiet, score_from=end)
    flagged = scores["is_flagged"].to_numpy().reshape(25, -1)
    alerts = alert_starts(flagged, model.params.alert_gap).sum()
    assert 0.3 < alerts / (len(scores) / WEEK) < 0.75


def test_the_training_month_keeps_the_budget_exactly(
    faulty_estate: Estate, model: AnomalyModel
) -> None:
    frame = faulty_estate.frame
    scores = model.predict(frame[frame["hour"] < TRAIN_END], score_from=model.train_start)
    flagged = scores["is_flagged"].to_numpy().reshape(20, -1)
    alerts = alert_starts(flagged, model.params.alert_gap).sum()
    budget = AnomalyParams().alerts_per_device_week * model.rows / WEEK
    assert 0.8 * budget <= alerts <= budget


def test_severity_follows_exceedance_and_reaches_every_grade(
    faulty_estate: Estate, model: AnomalyModel
) -> None:
    scores = model.predict(faulty_estate.frame, score_from=TRAIN_END)
    bounds = {
        "info": (0.0, 0.9),
        "low": (0.9, 0.99),
        "medium": (0.99, 0.999),
        "high": (0.999, 0.9999),
        "critical": (0.9999, 1.0),
    }
    assert set(scores["severity"]) == set(bounds)
    for severity, (low, high) in bounds.items():
        assert scores.loc[scores["severity"] == severity, "score"].between(low, high).all()
    ordered = scores.sort_values("raw_score")
    assert ordered["score"].is_monotonic_increasing
    quiet = model.predict(estate(hosts=40, days=60, seed=9).frame, score_from=TRAIN_END)
    assert (quiet["score"] > 0.99).mean() == pytest.approx(0.01, abs=0.01)


@pytest.mark.parametrize("kind", FAULTS)
def test_factors_name_what_moved(model: AnomalyModel, kind: str) -> None:
    """The right metrics first, with what was measured and what was expected, in their units."""
    frame = estate(hosts=1, days=50, seed=4).frame
    at = frame["hour"].between(START + pd.Timedelta(days=45), START + pd.Timedelta(days=46))
    shown = frame.copy()
    for metric, factor in FAULTS[kind].items():
        if metric.startswith("net_"):
            shown.loc[at, metric] *= np.exp(factor)
        else:
            shown.loc[at, metric] += factor * 6.0
    scores = model.predict(shown, score_from=START + pd.Timedelta(days=45))
    flagged = scores[scores["is_flagged"]].head(12)
    assert len(flagged) >= 6
    first = [factors[0]["metric"] for factors in flagged["factors"]]
    assert np.mean([metric in FAULTS[kind] for metric in first]) > 0.8
    usual = frame.set_index("hour")
    for hour, factors in zip(flagged["hour"], flagged["factors"], strict=True):
        contributions = [factor["contribution"] for factor in factors]
        assert contributions == sorted(contributions, reverse=True)
        assert len(factors) <= 3
        for factor in factors:
            measured = shown.loc[shown["hour"] == hour, factor["metric"]].iloc[0]
            assert factor["value"] == pytest.approx(measured, rel=1e-5)
            assert factor["expected"] == pytest.approx(usual.loc[hour, factor["metric"]], rel=0.8)
