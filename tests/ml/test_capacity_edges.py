"""Series that are not ordinary: each gets its rows, with a reason or a band, never a crash."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.capacity import CapacityParams, backtest, fit
from ml.forecast_blocks import blocks_of
from ml.forecast_table import table_of
from ml.grid import Floats
from tests.ml.forecast_series import START, WEEK, long_frame, noisy

PARAMS = CapacityParams(horizon=14, learned=("boosting",))
DAYS = 90
ODD = {
    "null": (np.full(DAYS, np.nan), "no value was ever measured"),
    "one-day": (np.where(np.arange(DAYS) == DAYS - 1, 5.0, np.nan), "1 steps of history"),
    "vanished": (np.where(np.arange(DAYS) < 60, 5.0, np.nan), "no value in the newest 30 steps"),
    "rare": (np.where(np.arange(DAYS) % 4 == 1, 5.0, np.nan), "23 of 89 steps were measured"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_forecast_says_why(name: str) -> None:
    values, reason = ODD[name]
    series = noisy(4, DAYS, seed=1)
    found = fit(long_frame(series | {name: values}), PARAMS).predict()
    rows = found[found["unique_id"] == name]
    assert len(rows) == 14
    assert rows["not_scored_reason"].str.startswith("not scored: ").all()
    assert rows["not_scored_reason"].str.contains(reason).all()
    assert rows.filter(like="yhat").isna().all(axis=None)
    assert rows["method"].isna().all()
    others = found[found["unique_id"] != name].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, fit(long_frame(series), PARAMS).predict())


@pytest.mark.parametrize("names", [["null"], list(ODD)])
def test_a_frame_of_nothing_but_such_series_is_no_error(names: list[str]) -> None:
    frame = long_frame({name: ODD[name][0] for name in names})
    found = fit(frame, PARAMS).predict()
    assert len(found) == 14 * len(names)
    assert found["not_scored_reason"].notna().all()
    assert backtest(frame, PARAMS).empty


def test_one_day_of_everything() -> None:
    frame = long_frame({"a": np.array([1.0]), "b": np.array([2.0])})
    found = fit(frame, PARAMS).predict()
    assert found["not_scored_reason"].str.contains("1 steps of history").all()
    assert backtest(frame, PARAMS).empty


@pytest.mark.parametrize(("level", "half_width"), [(80.0, 4.0), (0.0, 1.0), (-80.0, 4.0)])
@pytest.mark.parametrize("others", [0, 5])
def test_a_constant_series_has_a_band(level: float, half_width: float, others: int) -> None:
    series = noisy(others, DAYS, seed=2) | {"constant": np.full(DAYS, level)}
    params = CapacityParams(horizon=14, learned=(), is_nonnegative=False)
    rows = fit(long_frame(series), params).predict().query("unique_id == 'constant'")
    assert (rows["yhat"] == level).all()
    assert (rows["yhat_upper_95"] - level).to_numpy() == pytest.approx(half_width)
    assert (level - rows["yhat_lower_80"]).to_numpy() == pytest.approx(half_width / 2)


def test_series_that_hardly_move_do_not_speak_for_others() -> None:
    """Their errors in their own tiny unit would make every band too wide or too narrow."""
    series = noisy(10, DAYS, seed=3)
    random = np.random.default_rng(3)
    still = {
        f"still-{number}": 1e6 + np.where(random.random(DAYS) < 0.02, 1.0, 0.0)
        for number in range(30)
    }
    alone = fit(long_frame(series), PARAMS).predict()
    found = fit(long_frame(series | still), PARAMS).predict()
    same = found[found["unique_id"].isin(series)].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, alone)


def test_a_series_that_ends_a_little_early_keeps_its_weekdays() -> None:
    pattern = WEEK[np.arange(DAYS) % 7]
    late = np.where(np.arange(DAYS) < DAYS - 3, pattern, np.nan)
    series = noisy(4, DAYS, seed=4) | {"late": late}
    rows = fit(long_frame(series), PARAMS).predict().query("unique_id == 'late'")
    assert rows["ds"].iloc[0] == START + pd.Timedelta(days=DAYS)
    assert rows["yhat"].to_numpy() == pytest.approx(WEEK[np.arange(DAYS, DAYS + 14) % 7])


def test_gaps_are_filled_inside_history_only() -> None:
    values = np.concatenate([[np.nan, np.nan], np.arange(20.0), [np.nan]])
    values[[7, 8]] = [np.nan, np.inf]
    table = table_of(long_frame({"a": values, "b": np.arange(23.0)}), "1D")
    blocks, _ = blocks_of(table, PARAMS)
    with_gap = next(block for block in blocks if block.rows.tolist() == [0])
    assert with_gap.values[0].tolist() == np.arange(20.0).tolist()
    assert with_gap.lag == 1


def test_a_series_that_appears_late_is_forecast_from_its_own_days() -> None:
    young = np.where(np.arange(DAYS) >= DAYS - 11, 5.0 + WEEK[np.arange(DAYS) % 7], np.nan)
    series = noisy(4, DAYS, seed=5) | {"young": young}
    rows = fit(long_frame(series), PARAMS).predict().query("unique_id == 'young'")
    assert rows["not_scored_reason"].isna().all()
    assert rows["yhat"].between(5.0, 20.0).all()


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_local_midnights_survive_a_clock_change(day: str) -> None:
    start = pd.Timestamp(day) - pd.Timedelta(days=40)
    frame = long_frame(noisy(3, 60, seed=6), start)
    plain = fit(frame, PARAMS).predict()
    local = fit(frame.assign(ds=frame["ds"].dt.tz_localize("Europe/Berlin")), PARAMS).predict()
    assert (local["yhat"] == plain["yhat"]).all()
    assert (local["ds"] == plain["ds"].dt.tz_localize("Europe/Berlin")).all()


def test_dates_and_numbers_do_as_ds() -> None:
    frame = long_frame(noisy(3, 60, seed=7))
    plain = fit(frame, PARAMS).predict()
    numbered = fit(frame.assign(ds=(frame["ds"] - START).dt.days + 100), PARAMS).predict()
    assert (numbered["yhat"] == plain["yhat"]).all()
    assert numbered["ds"].head(14).tolist() == list(range(160, 174))
    dated = fit(frame.assign(ds=frame["ds"].dt.date), PARAMS).predict()
    assert (dated["ds"] == plain["ds"]).all()


def test_frames_that_say_two_things_are_refused() -> None:
    frame = long_frame({"a": np.arange(30.0)})
    with pytest.raises(ValueError, match="lacks the columns y"):
        fit(frame.drop(columns="y"), PARAMS)
    with pytest.raises(ValueError, match="no rows"):
        fit(frame.head(0), PARAMS)
    with pytest.raises(ValueError, match="same unique_id and ds"):
        fit(pd.concat([frame, frame.head(1)]), PARAMS)
    with pytest.raises(ValueError, match="not on steps"):
        fit(frame.assign(ds=shifted(frame["ds"])), PARAMS)
    with pytest.raises(ValueError, match="at least 1"):
        fit(frame, PARAMS).predict(0)


def shifted(ds: pd.Series[pd.Timestamp]) -> pd.Series[pd.Timestamp]:
    """One time half a day late."""
    return ds.where(ds.index != 5, ds + pd.Timedelta(hours=12))


def test_a_counter_that_resets_stays_finite() -> None:
    counter: Floats = np.arange(DAYS) % 25 * 1e9
    found = fit(long_frame(noisy(3, DAYS, seed=8) | {"uptime": counter}), PARAMS).predict()
    assert np.isfinite(found.filter(like="yhat").to_numpy()).all()
