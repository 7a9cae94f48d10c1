"""The capacity forecast on ordinary series: shape, choice, bands, same answer every time."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.capacity import OUTPUT, CapacityParams, fit
from ml.grid import Floats
from tests.ml.forecast_series import START, WEEK, fortnights, long_frame, noisy

PLAIN = CapacityParams(horizon=14, learned=())
LEARNING = CapacityParams(horizon=14, learned=("boosting", "ridge"))


def yhat_of(found: pd.DataFrame, name: str) -> Floats:
    """The forecast of one series."""
    return found.loc[found["unique_id"] == name, "yhat"].to_numpy()


def test_every_series_gets_a_row_per_coming_day() -> None:
    found = fit(long_frame(noisy(5, 60, seed=1)), PLAIN).predict()
    assert tuple(found.columns) == OUTPUT
    assert found.groupby("unique_id").size().tolist() == [14] * 5
    days = pd.date_range(START + pd.Timedelta(days=60), periods=14)
    assert (found["ds"].to_numpy().reshape(5, 14) == days.to_numpy()).all()
    assert found["not_scored_reason"].isna().all()
    inner = found["yhat"].between(found["yhat_lower_80"], found["yhat_upper_80"])
    outer = (found["yhat_lower_95"] <= found["yhat_lower_80"]) & (
        found["yhat_upper_80"] <= found["yhat_upper_95"]
    )
    assert inner.all() and outer.all()


@pytest.mark.parametrize("horizon", [1, 45])
def test_the_horizon_may_be_another_than_that_of_training(horizon: int) -> None:
    found = fit(long_frame(noisy(3, 60, seed=1)), PLAIN).predict(horizon)
    assert len(found) == 3 * horizon
    assert found["yhat"].notna().all()


def test_two_fits_and_any_order_of_rows_give_the_same_digits() -> None:
    frame = long_frame(fortnights(6, 180, seed=2))
    one = fit(frame, LEARNING).predict()
    other = fit(frame.sample(frac=1.0, random_state=5), LEARNING).predict()
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    assert one["method"].str.contains("boosting|ridge").any(), "the regressors really took part"


def test_each_series_gets_what_suited_its_own_past() -> None:
    """Amid series without any, a week's pattern is repeated; a level that moved is kept."""
    days = np.arange(90)
    random = np.random.default_rng(3)
    walks = 500.0 + np.cumsum(random.standard_normal((6, 90)), axis=1)
    series = {f"walk-{number}": values for number, values in enumerate(walks)}
    series["pattern"] = WEEK[days % 7]
    found = fit(long_frame(series), PLAIN).predict()
    assert yhat_of(found, "pattern") == pytest.approx(WEEK[np.arange(90, 104) % 7])
    for number, values in enumerate(walks):
        assert yhat_of(found, f"walk-{number}") == pytest.approx(values[-1], abs=5.0)
    assert found.groupby("unique_id")["method"].first().nunique() > 1


def test_filling_disks_go_on_filling() -> None:
    days = np.arange(90)
    random = np.random.default_rng(3)
    series = {
        f"disk-{rate}": 100.0 + rate * days + 0.1 * random.standard_normal(90)
        for rate in (0.5, 1.0, 2.0, 4.0)
    }
    found = fit(long_frame(series), PLAIN).predict()
    for rate in (0.5, 1.0, 2.0, 4.0):
        expected = 100.0 + rate * np.arange(90, 104)
        assert yhat_of(found, f"disk-{rate}") == pytest.approx(expected, abs=1.0)


def test_regressors_serve_where_they_won_on_past_origins() -> None:
    frame = long_frame(fortnights(30, 196, seed=4))
    past, future = frame[frame["ds"] < frame["ds"].max() - pd.Timedelta(days=13)], frame
    error = {}
    for params in (PLAIN, LEARNING):
        found = fit(past, params).predict().merge(future, on=["unique_id", "ds"])
        error[params] = float((found["yhat"] - found["y"]).abs().mean())
    assert error[LEARNING] < 0.5 * error[PLAIN]


def test_short_histories_leave_the_regressors_out() -> None:
    model = fit(long_frame(noisy(5, 60, seed=1)), LEARNING)
    assert not model.regressors.fitted
    assert not model.predict()["method"].str.contains("boosting|ridge|learned").any()


def test_bands_hold_what_they_promise_on_days_to_come() -> None:
    frame = long_frame(noisy(150, 104, seed=6))
    origin = START + pd.Timedelta(days=90)
    found = fit(frame[frame["ds"] < origin], PLAIN).predict().merge(frame, on=["unique_id", "ds"])
    assert len(found) == 150 * 14
    for percent in (80, 95):
        inside = found["y"].between(found[f"yhat_lower_{percent}"], found[f"yhat_upper_{percent}"])
        assert inside.mean() == pytest.approx(percent / 100, abs=0.04)


def test_a_restless_series_has_a_wider_band_than_a_calm_one() -> None:
    random = np.random.default_rng(7)
    noise = random.standard_normal((2, 90))
    series = {"calm": 100.0 + noise[0], "restless": 100.0 + 20.0 * noise[1]}
    found = fit(long_frame(series), PLAIN).predict()
    width = (found["yhat_upper_80"] - found["yhat_lower_80"]).groupby(found["unique_id"])
    assert width.min()["restless"] > 5 * width.max()["calm"]


def test_newer_history_is_forecast_with_what_training_chose() -> None:
    series = noisy(8, 80, seed=8)
    frame = long_frame(series)
    cut = START + pd.Timedelta(days=60)
    model = fit(frame[frame["ds"] < cut], PLAIN)
    newer = model.predict(frame)
    assert newer["ds"].min() == START + pd.Timedelta(days=80)
    before = model.predict().groupby("unique_id")["method"].first()
    assert (newer.groupby("unique_id")["method"].first() == before).all()

    stranger = long_frame({"new": 1000.0 * WEEK[np.arange(40) % 7]})
    found = model.predict(stranger)
    assert found["not_scored_reason"].isna().all()
    assert found["yhat"].to_numpy() == pytest.approx(1000.0 * WEEK[np.arange(40, 54) % 7], rel=0.5)


def test_bands_can_be_learned_from_how_forecasts_turned_out() -> None:
    frame = long_frame(noisy(20, 74, seed=9))
    cut = START + pd.Timedelta(days=60)
    past, later = frame[frame["ds"] < cut], frame[frame["ds"] >= cut]
    model = fit(past, PLAIN)
    wild = later.assign(y=later["y"] * 3.0)
    known, surprised = (model.with_bands_from(each).predict() for each in (later, wild))
    assert (known["yhat"] == surprised["yhat"]).all()
    assert surprised["yhat_upper_80"].mean() > 1.5 * known["yhat_upper_80"].mean()


def test_what_cannot_be_negative_is_not() -> None:
    frame = long_frame({"emptying": np.linspace(100.0, 5.0, 70)})
    found = fit(frame, PLAIN).predict()
    assert found[["yhat", "yhat_lower_95"]].min(axis=None) == 0.0
    signed = fit(frame, CapacityParams(learned=(), is_nonnegative=False)).predict()
    assert signed["yhat"].min() < 0.0


@pytest.mark.parametrize(
    "settings", [{"season": 1}, {"horizon": 0}, {"learned": ("prophet",)}, {"buckets": (14, 7)}]
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"season|regressor|buckets"):
        CapacityParams(**settings)  # type: ignore[arg-type]
