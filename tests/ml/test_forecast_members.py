"""Plain members agree with their definitions, and the choice among them with its rule."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.capacity_params import CapacityParams
from ml.forecast_bands import Errors, bands_of, expected_errors
from ml.forecast_members import (
    FALLBACK,
    faded_median,
    phase_effects,
    phase_medians,
    plain_members,
    smoothed_level,
    weighted_median,
)
from ml.forecast_selection import choose, combined, past_origins
from tests.ml.forecast_series import WEEK

PARAMS = CapacityParams(learned=())


@settings(deadline=None)
@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_with_equal_weights_the_median_is_the_median(values: list[float]) -> None:
    found = weighted_median(np.array([values]), np.ones(len(values)))
    assert found[0] == pytest.approx(np.median(values), rel=1e-9, abs=1e-6)


def test_weights_pull_the_median() -> None:
    values = np.array([[1.0, 2.0, 3.0, 100.0]])
    assert weighted_median(values, np.array([1.0, 1.0, 1.0, 97.0]))[0] > 90.0
    stepped = np.concatenate([np.full(40, 10.0), np.full(4, 50.0)])[None]
    assert faded_median(stepped, 2.0)[0, 0] == pytest.approx(50.0)
    assert faded_median(stepped, 1e9)[0, 0] == pytest.approx(10.0)


def test_a_pattern_is_found_whatever_its_phase() -> None:
    days = np.arange(3, 63)
    values = WEEK[days % 7][None]
    assert phase_medians(values, 7, 1e9, 1000.0)[0] == pytest.approx(WEEK[days[:7] % 7])
    effects = phase_effects(values, 7)[0]
    assert np.diff(effects) == pytest.approx(np.diff(WEEK[days[:7] % 7]))
    ahead = WEEK[(63 + np.arange(20)) % 7]
    found = plain_members(values, 20, 7)
    for name in ("seasonal_naive", "phase_median_alone", "season_and_median"):
        assert found[name][0] == pytest.approx(ahead), name


def test_smoothing_takes_the_factor_with_the_least_error() -> None:
    random = np.random.default_rng(1)
    walk = np.cumsum(random.standard_normal(200))
    noise = random.standard_normal(200)
    found = smoothed_level(np.stack([walk, noise]))[:, 0]
    assert found[0] == pytest.approx(walk[-1], abs=1.0)
    assert abs(found[1]) < 0.6


def test_drift_survives_a_clean_up() -> None:
    days = np.arange(60)
    disk = 100.0 + 2.0 * days - np.where(days >= 40, 50.0, 0.0)
    found = plain_members(disk[None], 10, 7)["drift"][0]
    assert found == pytest.approx(disk[-1] + 2.0 * np.arange(1, 11))


def test_members_never_look_ahead() -> None:
    values = np.random.default_rng(2).random((3, 80))
    other = values.copy()
    other[:, 50:] = 9.0
    one, two = (plain_members(each[:, :50], 30, 7) for each in (values, other))
    assert all((one[name] == two[name]).all() for name in one)


def test_a_short_history_is_overruled_by_all_series() -> None:
    pooled = np.array([1.0, 2.0, 3.0, 4.0])
    own = np.array([[1.2, 1.0, 3.0, 4.0], [30.0, 30.0, 30.0, 1.0], [np.nan, 2.0, 3.0, 4.0]])
    found = choose(own, pooled)
    assert found[0].tolist() == [0, 0, 0], "a little better once is not better"
    assert found[1].tolist() == [3, 3, 3], "much better is"
    assert 0 not in found[2], "what could not forecast is not chosen"


def test_members_about_as_good_are_combined() -> None:
    pooled = np.array([1.0, 1.05, 1.08, 1.09, 3.0])
    assert choose(pooled[None], pooled)[0].tolist() == [0, 1, 2]


def test_a_chosen_member_that_cannot_forecast_is_replaced() -> None:
    stack = np.array([[[1.0], [2.0], [np.nan]]])
    points, taken = combined(stack, np.array([[2, 2, 2]]), ["last", FALLBACK, "boosting"])
    assert points.tolist() == [[2.0]]
    assert taken.tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("length", [11, 12, 20, 30, 46, 60, 200])
def test_past_origins_leave_history_before_and_values_after(length: int) -> None:
    found = past_origins(length, PARAMS)
    assert found
    assert found[0] > PARAMS.season
    assert found[-1] < length
    if length >= 60:
        assert found[-1] + PARAMS.horizon <= length


def test_bands_are_quantiles_by_bucket_and_the_last_goes_on() -> None:
    errors = np.concatenate([np.linspace(-1, 1, 2001)[:, None]] * 14, axis=1)
    errors[:, 7:] *= 3.0
    cuts = bands_of([Errors(errors)], PARAMS).cuts
    assert cuts[0] == pytest.approx([-0.8, 0.8, -0.95, 0.95])
    assert cuts[1] == pytest.approx([-2.4, 2.4, -2.85, 2.85])
    assert (cuts[2] == cuts[1]).all(), "no past error lies so far ahead"


def test_expected_errors_lie_between_own_and_all() -> None:
    own = np.array([1.0, 3.0, 100.0])
    found, mean = expected_errors(own, np.array([True, True, False]))
    assert mean == pytest.approx(2.0)
    assert found == pytest.approx([1.5, 2.5, 51.0])
