"""The incident model's record: rolling folds beside the order by past events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.incident import fit
from ml.incident_backtest import backtest, baseline_probability
from ml.probability_scores import ranking_pr_auc
from tests.ml.incident_rows import PARAMS, entity_weeks

METRICS = {"pr_auc", "precision_at_top_1pct", "brier_skill", "ece", "is_published"}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return entity_weeks()


@pytest.fixture(scope="module")
def record(frame: pd.DataFrame) -> pd.DataFrame:
    return backtest(frame, PARAMS)


def test_every_fold_has_every_metric(record: pd.DataFrame) -> None:
    assert list(record.columns) == ["fold", "slice", "metric", "value", "baseline_value", "n"]
    assert {*record["metric"]} == METRICS
    assert record.groupby("fold")["metric"].count().to_dict() == {1: 5, 2: 5, 3: 5}
    assert (record["n"] == 10 * 60).all()
    assert record[["value", "baseline_value"]].notna().all().all()


def test_the_model_beats_the_order_by_past_events(record: pd.DataFrame) -> None:
    for metric in ("pr_auc", "brier_skill"):
        rows = record[record["metric"] == metric]
        assert (rows["value"] > rows["baseline_value"]).all()


def test_a_fold_is_what_a_model_of_its_day_says(frame: pd.DataFrame, record: pd.DataFrame) -> None:
    """The newest fold, by hand: fitted on rows a week old when it began, nothing else."""
    start = frame["as_of"].max() + pd.Timedelta(days=1) - pd.Timedelta(days=PARAMS.fold_days)
    test = frame[frame["as_of"] >= start]
    model = fit(frame[frame["as_of"] < start], PARAMS, start)
    expected = ranking_pr_auc(test["is_incident"].to_numpy(), model.probabilities(test))
    newest = record[(record["fold"] == 3) & (record["metric"] == "pr_auc")].iloc[0]
    assert newest["value"] == pytest.approx(expected, abs=1e-12)
    assert newest["baseline_value"] == pytest.approx(
        ranking_pr_auc(test["is_incident"].to_numpy(), test["events_365d"].to_numpy())
    )


def test_the_newest_fold_changes_no_earlier_one(frame: pd.DataFrame, record: pd.DataFrame) -> None:
    newest = frame["as_of"] > frame["as_of"].max() - pd.Timedelta(days=PARAMS.fold_days)
    turned = frame.copy()
    turned.loc[newest, "is_incident"] = 1.0 - turned.loc[newest, "is_incident"]
    again = backtest(turned, PARAMS)
    older = record["fold"] < 3
    pd.testing.assert_frame_equal(again[older], record[older])
    assert not again[~older].equals(record[~older])


def test_a_model_that_would_abstain_is_marked() -> None:
    record = backtest(entity_weeks(signal=0.0), PARAMS)
    published = record[record["metric"] == "is_published"]
    assert (published["value"] == 0.0).all()


def test_too_little_gives_no_rows(frame: pd.DataFrame) -> None:
    assert backtest(frame.assign(is_incident=0.0), PARAMS).empty
    assert backtest(frame.assign(is_incident=np.nan), PARAMS).empty
    assert backtest(entity_weeks(weeks=1), PARAMS).empty
    with pytest.raises(ValueError, match="lacks other"):
        backtest(frame, replace(PARAMS, baseline="other"))


def test_the_baseline_probability_is_the_rate_of_its_count() -> None:
    old = pd.DataFrame({"events_365d": [0.0] * 4 + [2.0] * 4, "is_incident": [0, 0, 0, 1] * 2})
    old.loc[7, "is_incident"] = old.loc[6, "is_incident"] = 1
    new = pd.DataFrame({"events_365d": [0.0, 2.0, 9.0, np.nan]})
    assert baseline_probability(old, new, PARAMS).tolist() == [0.25, 0.5, 0.5, 0.25]
