"""Folds see their own past only, and stand beside the better naive method."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml.capacity import CapacityParams, backtest
from ml.capacity_backtest import origins
from ml.forecast_blocks import Block
from ml.forecast_measures import Judge
from ml.forecast_selection import first_origin, past_regressors
from tests.ml.forecast_series import START, WEEK, fortnights, long_frame, noisy

PARAMS = CapacityParams(horizon=14, learned=("boosting",), buckets=(7,))
DAYS = 180


def test_the_frame_is_that_of_all_backtests() -> None:
    found = backtest(long_frame(noisy(6, DAYS, seed=1)), PARAMS)
    assert found.columns.tolist() == ["fold", "slice", "metric", "value", "baseline_value", "n"]
    assert set(found["fold"]) == {1, 2, 3}
    assert set(found["slice"]) == {"all", "h1-7", "h8-14"}
    assert set(found["metric"]) == {
        "mase",
        "wape",
        "below_seasonal_naive",
        "coverage_80",
        "coverage_95",
        "width",
    }
    assert len(found) == 3 * 3 * 6
    assert (found["n"] == 6).all()
    assert found.notna().all(axis=None)


def test_two_backtests_are_the_same() -> None:
    frame = long_frame(fortnights(5, DAYS, seed=2))
    params = replace(PARAMS, folds=1)
    again = backtest(frame.sample(frac=1.0, random_state=1), params)
    pd.testing.assert_frame_equal(backtest(frame, params), again, check_exact=True)


def test_a_changed_future_changes_no_earlier_fold() -> None:
    frame = long_frame(noisy(6, DAYS, seed=3))
    newest_test = START + pd.Timedelta(days=DAYS - 14)
    changed = frame.assign(y=frame["y"].where(frame["ds"] < newest_test, frame["y"] * 5.0))
    params = replace(PARAMS, folds=2)
    before, after = backtest(frame, params), backtest(changed, params)
    earlier = before["fold"] < 2
    pd.testing.assert_frame_equal(before[earlier], after[earlier], check_exact=True)
    newest = before["metric"].eq("mase") & ~earlier
    assert (after.loc[newest, "value"] > before.loc[newest, "value"]).all()


def test_the_embargo_is_neither_seen_nor_judged() -> None:
    params = CapacityParams(horizon=14, learned=(), embargo=3, folds=1)
    frame = long_frame(noisy(6, DAYS, seed=4))
    first = START + pd.Timedelta(days=DAYS - 17)
    is_embargo = frame["ds"].between(first, first + pd.Timedelta(days=2))
    changed = frame.assign(y=frame["y"].mask(is_embargo, 1e6))
    found = backtest(frame, params)
    assert not found.empty
    pd.testing.assert_frame_equal(found, backtest(changed, params), check_exact=True)


def test_the_baseline_is_the_better_naive_method() -> None:
    """A week's pattern with noise: seasonal naive by hand; a slope: the last value by hand."""
    params = CapacityParams(horizon=14, learned=(), embargo=1, folds=1)
    random = np.random.default_rng(5)
    days = 60
    for values, is_seasonal in (
        (10 * WEEK[np.arange(days) % 7] + random.standard_normal(days), True),
        (1000.0 + 20.0 * np.arange(days) + random.standard_normal(days), False),
    ):
        history, actual = values[: days - 15], values[days - 14 :]
        ahead = np.arange(1, 15)
        naive = history[-7:][ahead % 7] if is_seasonal else np.full(14, history[-1])
        scale = np.abs(history[7:] - history[:-7]).mean()
        found = backtest(long_frame({"one": values}), params).query("slice == 'all'")
        baseline = found.set_index("metric")["baseline_value"]
        assert baseline["mase"] == pytest.approx(np.abs(actual - naive).mean() / scale)
        assert baseline["wape"] == pytest.approx(np.abs(actual - naive).sum() / actual.sum())
        # of one series the last value is below seasonal naive on the slope alone
        assert baseline["below_seasonal_naive"] == (0.0 if is_seasonal else 1.0)


def test_folds_abut_and_short_histories_have_fewer() -> None:
    assert origins(180, PARAMS) == [137, 151, 165]
    assert origins(48, PARAMS) == [19, 33]
    assert origins(32, PARAMS) == []
    found = backtest(long_frame(noisy(3, 48, seed=6)), PARAMS)
    assert set(found["fold"]) == {1, 2}


def test_past_regressors_saw_nothing_they_are_judged_on() -> None:
    """Histories of two lengths: the longer one's first origin bounds what either may teach."""
    long_values = np.stack(list(fortnights(4, DAYS, seed=7).values()))
    short_values = np.stack(list(fortnights(4, 150, seed=8).values()))
    held_back = DAYS - first_origin(DAYS, PARAMS)
    answers = []
    for factor in (1.0, 7.0):
        blocks = []
        for rows, values in ((range(4), long_values), (range(4, 8), short_values)):
            shown = values.copy()
            shown[:, -held_back:] *= factor
            blocks.append(Block(np.array(rows), shown, lag=0))
        regressors = past_regressors(blocks, PARAMS)
        assert regressors.fitted
        answers.append(regressors.members(long_values, 14)["boosting"])
    assert (answers[0] == answers[1]).all()


def test_measures_by_hand() -> None:
    judge = Judge(
        actual=np.array([[10.0, np.nan], [200.0, 100.0], [5.0, 5.0]]),
        scale=np.array([2.0, 50.0, 0.01]),
        level=np.array([10.0, 100.0, 5.0]),
    )
    assert judge.is_judged.tolist() == [True, True, False]
    judge = judge.of(judge.is_judged)
    forecasts = np.array([[12.0, 99.0], [150.0, 150.0]])
    assert judge.mases(forecasts).tolist() == [1.0, 1.0]
    assert judge.wape(forecasts) == pytest.approx((0.2 + 0.5 + 0.5) / (1.0 + 2.0 + 1.0))
    # the first is off by 2 and not by 3, the second by 50 twice and by 100 once, which is a tie
    assert judge.won(forecasts, np.array([[7.0, 0.0], [100.0, 100.0]])) == 0.5
    lower, upper = forecasts - 20.0, forecasts + 20.0
    assert judge.coverage(lower, upper) == pytest.approx(1 / 3)
    assert judge.width(lower, upper) == pytest.approx((4.0 + 0.4) / 2)
    # widths of 4.0 and twice 0.4; for 80 %, ten times what lies outside:
    # 200 is 30 above 170, 100 is 30 below 130
    assert judge.interval_score(lower, upper, 0.8) == pytest.approx((4.0 + 3.4 + 3.4) / 3)
