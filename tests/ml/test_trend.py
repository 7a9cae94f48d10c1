"""Trends: values worked by hand, scipy's where nothing is taken out, and noise that is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import kendalltau, theilslopes

from ml.trend import OUTPUT, TrendParams, analyse

Floats = NDArray[np.float64]

PLAIN = TrendParams(fewest=4, most_autocorrelated=0)
WEEKS = 26


def alone(values: list[float], params: TrendParams = PLAIN) -> dict[str, object]:
    series = np.array([values], dtype=float)
    return {
        str(key): value for key, value in analyse(series, one_group(series), params).iloc[0].items()
    }


def one_group(values: Floats) -> NDArray[np.int64]:
    return np.zeros(len(values), dtype=np.int64)


def noise(series: int, autocorrelation: float, seed: int = 0) -> Floats:
    """Weeks of series x WEEKS in which each shares so much with the one before (AR(1))."""
    shocks = np.random.default_rng(seed).standard_normal((series, WEEKS + 50))
    for week in range(1, shocks.shape[1]):
        shocks[:, week] += autocorrelation * shocks[:, week - 1]
    return shocks[:, 50:]


def test_by_hand() -> None:
    # signs + + +, - +, + give s = 5 - 1 = 4; var = 4*3*13/18 = 8.6667, z = 3/2.9439 = 1.0190
    # slopes 2, 1/2, 4/3, -1, 1, 3 in order -1, 1/2, 1, 4/3, 2, 3: the median is 7/6
    found = alone([1, 3, 2, 5])
    assert (found["n"], found["s"], found["direction"]) == (4, 4, "none")
    assert found["tau"] == pytest.approx(4 / 6)
    assert found["p_value"] == pytest.approx(0.3082, abs=1e-4)
    assert found["slope"] == pytest.approx(7 / 6)
    # (6 -+ 1.96*2.9439)/2 = 0.115 and 5.885: the places 0 - 1 and 6, so the outermost of the six
    assert (found["slope_lower"], found["slope_upper"]) == (-1, 3)


def test_ties_by_hand() -> None:
    # 1 1 2 2 3: ten pairs, two tied, all others rise: s = 8
    # var = (5*4*15 - 2 * 2*1*9)/18 = (300 - 36)/18 = 14.6667, z = 7/3.8297 = 1.8278
    found = alone([1, 1, 2, 2, 3])
    assert found["s"] == 8
    assert found["tau"] == pytest.approx(8 / np.sqrt(10 * 8))
    assert found["p_value"] == pytest.approx(0.0676, abs=1e-4)


def test_a_gap_takes_its_time() -> None:
    # two a week, the third week unknown: not 4 between its neighbours
    found = alone([1, 3, np.nan, 7, 9])
    assert (found["n"], found["s"], found["slope"]) == (4, 6, 2)


def test_what_is_taken_out_by_hand() -> None:
    # the same from both ends, so without a slope; of 11 neighbours 7 agree and 4 differ:
    # r = (7 - 4)/12, corrected (12 * 3/12 + 2)/(12 - 4) = 0.625
    found = alone([1, 1, -1, -1, -1, 1, 1, -1, -1, -1, 1, 1], TrendParams())
    assert found["autocorrelation"] == pytest.approx(0.625)
    # 1 after 1 stays 1, -1 after -1 stays -1, a change is -+(1 + 0.625)/0.375, here L and H:
    # 1 L -1 -1 H 1 L -1 -1 H 1, of which the pairs beginning with each give
    # s = -4 + 8 + 3 + 3 - 5 - 2 + 4 + 2 + 2 - 1
    assert (found["n"], found["s"]) == (11, 10)


def test_the_slope_of_a_line_is_kept_when_noise_is_taken_out() -> None:
    line = 0.5 * np.arange(WEEKS) + noise(1, 0.5)[0] * 1e-6
    found = alone(list(line), TrendParams())
    assert found["slope"] == pytest.approx(0.5, rel=1e-4)
    assert found["direction"] == "rising"
    assert alone(list(-line), TrendParams())["direction"] == "falling"


@given(st.lists(st.integers(-5, 5), min_size=6, max_size=20))
@settings(max_examples=100, deadline=None)
def test_without_autocorrelation_it_is_scipys(values: list[int]) -> None:
    time = np.arange(len(values))
    found = alone([float(value) for value in values])
    slope = theilslopes(values, time, 0.95)
    assert found["slope"] == pytest.approx(slope.slope)
    if len(set(values)) > 1:
        assert found["tau"] == pytest.approx(kendalltau(time, values).statistic)
        assert found["slope_lower"] == pytest.approx(slope.low_slope)
        assert found["slope_upper"] == pytest.approx(slope.high_slope)
    turned = alone([-float(value) for value in values])
    assert (turned["s"], turned["p_value"]) == (-float(str(found["s"])), found["p_value"])
    scaled = alone([3.0 * value + 7 for value in values])
    assert scaled["p_value"] == found["p_value"]
    assert scaled["slope"] == pytest.approx(3 * float(str(found["slope"])))


@pytest.mark.parametrize("autocorrelation", [0.0, 0.3, 0.6])
def test_noise_is_seldom_called_a_trend(autocorrelation: float) -> None:
    # in one of twenty estates of 200 series something may be found, uncorrected it is in all
    estates = noise(40 * 200, autocorrelation, seed=1).reshape(40, 200, WEEKS)
    params = TrendParams()
    hit = [analyse(one, one_group(one), params)["direction"].ne("none").any() for one in estates]
    assert sum(hit) <= 4
    if autocorrelation > 0.5:
        plain = TrendParams(most_autocorrelated=0)
        fooled = [
            analyse(one, one_group(one), plain)["direction"].ne("none").any() for one in estates
        ]
        assert all(fooled)


def test_a_swing_that_comes_again_is_no_trend() -> None:
    week = np.arange(WEEKS)
    swing = 10 * np.sin(2 * np.pi * week / 4.33) + noise(300, 0, seed=2)
    assert analyse(swing, one_group(swing), TrendParams())["direction"].eq("none").all()


def test_of_trends_found_few_are_none() -> None:
    values = noise(1_000, 0.3, seed=3)
    values[:200] += 0.4 * np.arange(WEEKS)
    found = analyse(values, one_group(values), TrendParams())
    is_found = found["direction"] == "rising"
    assert is_found[:200].mean() > 0.9
    assert found["direction"][200:].ne("none").sum() <= 0.1 * is_found.sum()


def test_q_values_by_hand() -> None:
    # four series, p in order p1 <= p2 <= p3 <= p4: q = least of p * 4 / place from there on
    rows = np.array(
        [[1, 2, 3, 4, 5, 6], [2, 1, 3, 4, 5, 6], [3, 1, 2, 6, 4, 5], [1, 6, 2, 5, 3, 4]],
        dtype=float,
    )
    found = analyse(rows, one_group(rows), PLAIN).sort_values("p_value")
    p, q = found["p_value"].to_numpy(), found["q_value"].to_numpy()
    raw = p * 4 / np.arange(1, 5)
    assert q == pytest.approx([min(raw[place:].min(), 1) for place in range(4)])


def test_what_cannot_be_tested_says_why() -> None:
    line = np.arange(WEEKS, dtype=float)
    few, ended = line.copy(), line.copy()
    few[:-9] = np.nan
    ended[-1] = np.nan
    values = np.array([few, ended, np.full(WEEKS, 5.0), line])
    found = analyse(values, one_group(values), TrendParams())
    assert list(found.columns) == list(OUTPUT)
    # a line has nothing to take out, so that all nine are left
    assert found["reason"][0] == "9 points can be tested, 10 are needed"
    assert found["reason"][1] == "nothing is known of the newest period"
    assert found.loc[:1, ["p_value", "q_value", "slope", "direction"]].isna().all(axis=None)
    # what never changes has no trend; two were tested, and no other counts
    assert found["p_value"][2] == 1
    assert found["direction"][2:].tolist() == ["none", "rising"]
    assert found["q_value"][3] == pytest.approx(2 * found["p_value"][3])


@pytest.mark.parametrize("values", [np.empty((0, WEEKS)), np.full((2, WEEKS), np.nan)])
def test_where_nothing_is_known_there_is_a_row_for_each(values: Floats) -> None:
    found = analyse(values, one_group(values), TrendParams())
    assert list(found.columns) == list(OUTPUT)
    assert len(found) == len(values)
    assert found["reason"].notna().all() and found["direction"].isna().all()
