"""A week has drifted where it differs, by much and beyond chance, from like hours in training."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml.drift import DriftParams, cuts_of, judge, stability_index
from ml.grid import Floats
from tests.ml.estate import persistent

MONDAY = pd.Timestamp("2026-06-01", tz="UTC")
WEEK = pd.Timedelta(weeks=1)
PARAMS = DriftParams()
REFERENCE_WEEKS = 3
HOURS = 168


def hours(values: Floats, start: pd.Timestamp, **features: Floats) -> pd.DataFrame:
    """A row for each device and hour of `values`, (devices, hours), from a moment on."""
    devices, length = values.shape
    return pd.DataFrame(
        {
            "entity": np.repeat(np.arange(devices), length),
            "time": np.tile(pd.date_range(start, periods=length, freq="1h"), devices),
            "load": values.ravel(),
            **{name: other.ravel() for name, other in features.items()},
        }
    )


def history(values: Floats) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The weeks of `values` but the last as reference, and the last."""
    rows = hours(values, MONDAY - (values.shape[1] // HOURS - 1) * WEEK)
    is_week = rows["time"] >= MONDAY
    return rows[~is_week], rows[is_week]


def noise(devices: int, seed: int = 0, phi: float = 0.9) -> Floats:
    """Devices of unlike levels, restless for `REFERENCE_WEEKS` weeks and one more."""
    random = np.random.default_rng(seed)
    shape = (devices, (REFERENCE_WEEKS + 1) * HOURS)
    levels = random.uniform(0.0, 20.0, (devices, 1))
    return levels + persistent(random, shape, phi)


def judged(values: Floats, params: DriftParams = PARAMS) -> pd.Series:
    (found,) = judge(*history(values), params).to_dict("records")
    return pd.Series(found)


def test_the_index_of_two_halves_and_a_quarter() -> None:
    # (0.25 - 0.5) ln(0.25 / 0.5) + (0.75 - 0.5) ln(0.75 / 0.5)
    # = 0.25 * 0.693147 + 0.25 * 0.405465 = 0.173287 + 0.101366
    assert stability_index(np.array([50, 50]), np.array([1, 3])) == pytest.approx(
        0.274653, abs=1e-6
    )


def test_an_empty_bin_counts_as_one_in_ten_thousand() -> None:
    # (0.5 - 0.0001) ln(0.5 / 0.0001) + (0.5 - 1) ln(0.5 / 1)
    # = 0.4999 * 8.517193 + 0.5 * 0.693147 = 4.257745 + 0.346574
    assert stability_index(np.array([0, 8]), np.array([6, 6])) == pytest.approx(4.604319, abs=1e-6)


def test_a_week_worked_out_by_hand() -> None:
    """Five devices, four days each: 1, 2, 3, 4 three weeks long and 1, 3, 3, 4 in the last."""
    days = pd.date_range(MONDAY, periods=4, freq="1D")
    week = pd.DataFrame(
        {
            "entity": np.repeat(np.arange(5), 4),
            "time": np.tile(days, 5),
            "load": np.tile([1.0, 3.0, 3.0, 4.0], 5),
        }
    )
    like = week.assign(load=np.tile([1.0, 2.0, 3.0, 4.0], 5))
    before = pd.concat([like.assign(time=like["time"] - back * WEEK) for back in (1, 2, 3)])
    params = replace(PARAMS, bins=2, least_rows=20, least_devices=5, permutations=19_999)
    found = judge(before, week, params).iloc[0]
    # halves below and above 2.5 became a quarter and three quarters, as above
    assert found["psi"] == pytest.approx(0.274653, abs=1e-6)
    # exchanging weeks moves one low value: so far apart are they only where all five devices draw
    # the last of their four weeks, 1 of 4^5
    assert found["p_value"] == pytest.approx(1 / 1024, rel=0.5)
    assert found["q_value"] == found["p_value"]
    # a week before has halves, the others 25 of 60 and 35 of 60, which is an index of
    # (1/2 - 5/12) ln(6/5) + (1/2 - 7/12) ln(6/7) = 0.015194 + 0.012846 = 0.028040
    assert (found["n"], found["n_reference"], found["verdict"]) == (20, 60, "drifted")
    for few in ({"least_rows": 21}, {"least_devices": 6}, {"least_weeks": 4}):
        assert judge(before, week, replace(params, **few)).loc[0, "verdict"] == "too_few"


def test_a_fluctuation_that_all_devices_share_is_no_drift() -> None:
    """A week lifts the whole fleet by no more than one before lowered it, and then by more."""
    values = noise(20)
    steps = np.repeat([0.0, -6.0, 0.0, 6.0], HOURS)
    shared = judged(values + steps)
    assert shared["psi"] >= PARAMS.least_psi and shared["q_value"] < PARAMS.false_discoveries
    assert shared["verdict"] == "stable"
    steps[-HOURS:] = 14.0
    assert judged(values + steps)["verdict"] == "drifted"


def test_a_week_of_few_devices_is_no_measure_for_the_others() -> None:
    values = noise(20)
    values[:, -HOURS:] += 10.0
    reference, week = history(np.concatenate([values[:, :HOURS], values], axis=1))
    is_oldest = reference["time"] < reference["time"].min() + WEEK
    strange = reference.assign(load=reference["load"].where(~is_oldest, 1000.0))
    assert judge(strange, week, PARAMS).loc[0, "verdict"] == "stable"
    few = strange[~is_oldest | (strange["entity"] < PARAMS.least_devices - 1)]
    assert judge(few, week, PARAMS).loc[0, "verdict"] == "drifted"


def test_identical_weeks_have_not_drifted() -> None:
    values = np.tile(noise(20)[:, :HOURS], REFERENCE_WEEKS + 1)
    found = judged(values)
    assert (found["psi"], found["p_value"], found["verdict"]) == (0.0, 1.0, "stable")
    assert (found["n"], found["n_reference"]) == (20 * HOURS, 20 * HOURS * REFERENCE_WEEKS)


def test_a_shift_is_found_and_only_of_the_feature_that_shifted() -> None:
    values, other = noise(20), noise(20, seed=1)
    values[:, -HOURS:] += 8.0
    start = MONDAY - REFERENCE_WEEKS * WEEK
    rows = hours(values, start, other=other, fixed=np.ones_like(values))
    is_week = rows["time"] >= MONDAY
    found = judge(rows[~is_week], rows[is_week], PARAMS).set_index("feature")
    assert found["verdict"].to_dict() == {"load": "drifted", "other": "stable", "fixed": "stable"}
    assert found.loc["fixed", "psi"] == 0.0
    # the least p-value, and three times it once corrected for three features
    assert found.loc["load", "p_value"] == pytest.approx(0.001)
    assert found.loc["load", "q_value"] == pytest.approx(0.003)


@pytest.mark.parametrize("moved", [-1.0, 1.0, np.nan])
def test_a_constant_that_changes_or_is_lost_has_drifted(moved: float) -> None:
    values = np.full((12, (REFERENCE_WEEKS + 1) * HOURS), 5.0)
    values[:, -HOURS:] += moved
    assert judged(values)["verdict"] == "drifted"


def test_a_small_sample_is_not_judged() -> None:
    values = noise(PARAMS.least_devices)
    values[:, -HOURS:] += 50.0
    assert judged(values)["verdict"] == "drifted"
    found = judged(values[1:])
    assert found["verdict"] == "too_few"
    assert found[["psi", "p_value", "q_value"]].isna().all()
    assert found["n"] == (PARAMS.least_devices - 1) * HOURS


def test_what_was_never_measured_before_is_not_judged() -> None:
    reference, week = history(noise(20))
    found = judge(reference[:0], week, PARAMS).iloc[0]
    assert (found["n"], found["n_reference"], found["verdict"]) == (0, 0, "too_few")


def test_a_difference_that_is_sure_but_small_is_no_drift() -> None:
    values = noise(300, phi=0.0)
    values[:, -HOURS:] += 0.2
    found = judged(values)
    assert found["p_value"] < 0.002
    assert found["psi"] < 0.01
    assert found["verdict"] == "stable"


def test_mondays_are_compared_with_mondays() -> None:
    values = noise(20)
    is_working = np.arange(values.shape[1]) // 24 % 7 < 5
    values += np.where(is_working, 30.0, 0.0)
    reference, week = history(values)
    weekend = week[week["time"] >= MONDAY + pd.Timedelta(days=5)]
    cuts = cuts_of(reference["load"].to_numpy(), PARAMS.bins)
    plain = [
        np.bincount(np.searchsorted(cuts, rows["load"]), minlength=len(cuts) + 1)
        for rows in (reference, weekend)
    ]
    assert stability_index(*plain) > 1.0, "against all hours the weekend has drifted"
    found = judge(reference, weekend, PARAMS).iloc[0]
    assert found["verdict"] == "stable"
    assert found["psi"] < 0.1
    assert (found["n"], found["n_reference"]) == (20 * 48, REFERENCE_WEEKS * 20 * 48)


def test_devices_are_compared_with_themselves() -> None:
    values = noise(40)
    values[20:] += 100.0
    reference, week = history(values)
    # half of the fleet is new, the other half of the old one is silent
    old, new = reference[reference["entity"] < 30], week[week["entity"] >= 10]
    found = judge(old, new, PARAMS).iloc[0]
    assert found["verdict"] == "stable"
    assert found["n"] == 20 * HOURS


def test_of_a_large_fleet_as_many_devices_as_are_asked_for_are_judged() -> None:
    values = noise(30)
    values[:, -HOURS:] += 10.0
    found = judged(values, replace(PARAMS, most_devices=20))
    assert (found["n"], found["verdict"]) == (20 * HOURS, "drifted")


def test_one_feature_among_many_can_be_found() -> None:
    values = noise(12)
    shifted = values + np.where(np.arange(values.shape[1]) >= REFERENCE_WEEKS * HOURS, 30.0, 0.0)
    # more features than the fewest permutations could tell one of
    rows = hours(
        values,
        MONDAY - REFERENCE_WEEKS * WEEK,
        odd=shifted,
        **{f"plain{number}": values for number in range(20)},
    )
    is_week = rows["time"] >= MONDAY
    found = judge(rows[~is_week], rows[is_week], PARAMS).set_index("feature")["verdict"]
    assert found[found == "drifted"].index.tolist() == ["odd"]


def test_hours_that_resemble_each_other_are_no_evidence() -> None:
    """Of weeks in which each hour is like the one before, one in twenty has a p-value below 5 %."""
    params = replace(PARAMS, permutations=99)
    found = [judged(noise(12, seed=seed, phi=0.97), params)["p_value"] for seed in range(100)]
    assert np.mean(np.array(found) < 0.05) <= 0.1
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.15)


def test_the_order_of_rows_does_not_matter() -> None:
    reference, week = history(noise(15))
    before, after = (rows.sample(frac=1.0, random_state=3) for rows in (reference, week))
    pd.testing.assert_frame_equal(judge(reference, week, PARAMS), judge(before, after, PARAMS))


def test_a_reference_that_reaches_into_the_week_is_refused() -> None:
    reference, week = history(noise(15))
    with pytest.raises(ValueError, match="must end before the week"):
        judge(pd.concat([reference, week]), week, PARAMS)


def test_a_value_that_is_frequent_has_a_bin_of_its_own() -> None:
    # of eleven values the quantiles 0, 0.1 ... 1 are 0 six times, then 1 to 5
    cuts = cuts_of(np.array([0.0] * 6 + [1.0, 2.0, 3.0, 4.0, 5.0]), 10)
    assert cuts.tolist() == [-math.ulp(0.0), 0.0, 1.0, 2.0, 3.0, 4.0]
    assert cuts_of(np.array([np.nan]), 10).size == 0


numbers = st.floats(-1e9, 1e9).map(lambda value: round(value, 3))


@given(arrays.arrays(np.float64, st.integers(1, 60), elements=numbers), st.integers(1, 12))
def test_cuts_rise_and_leave_no_value_outside(values: Floats, bins: int) -> None:
    cuts = cuts_of(values, bins)
    assert (np.diff(cuts) > 0).all()
    assert len(cuts) <= 2 * bins
    held = np.bincount(np.searchsorted(cuts, values), minlength=len(cuts) + 1)
    assert held.sum() == len(values)


counts = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=12)


@given(counts.filter(lambda pairs: all(map(sum, zip(*pairs, strict=True)))), st.integers(1, 50))
def test_the_index_is_a_distance(pairs: list[tuple[int, int]], times: int) -> None:
    first, second = np.array(pairs).T
    index = stability_index(first, second)
    assert index >= 0.0
    assert index == pytest.approx(stability_index(second, first), rel=1e-9)
    assert stability_index(first, times * first) == 0.0
