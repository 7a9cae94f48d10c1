"""Statistics over the past agree with their plain definitions and never see what comes later."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml.grid import Floats
from ml.tails import tail_of
from ml.trailing import last_known, trailing_mean, trailing_quantile

SERIES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 2), st.integers(2, 25)),
    elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan)),
)


@settings(deadline=None)
@given(values=SERIES, count=st.integers(1, 9), q=st.floats(0.0, 1.0))
def test_trailing_quantile_is_that_of_the_values_before(
    values: Floats, count: int, q: float
) -> None:
    found = trailing_quantile(values, count, q)
    for row in range(values.shape[0]):
        for at in range(values.shape[1]):
            past = values[row, max(at - count, 0) : at]
            past = past[np.isfinite(past)]
            expected = np.quantile(past, q) if len(past) else np.nan
            assert found[row, at] == pytest.approx(expected, rel=1e-6, abs=1e-6, nan_ok=True)


@settings(deadline=None)
@given(values=SERIES, count=st.integers(1, 9), cut=st.integers(0, 24))
def test_what_comes_later_changes_nothing(values: Floats, count: int, cut: int) -> None:
    other = values.copy()
    other[:, cut + 1 :] = 5.0
    statistics: tuple[Callable[[Floats], Floats], ...] = (
        lambda series: trailing_quantile(series, count, 0.5),
        lambda series: trailing_mean(series, count),
        lambda series: last_known(series)[0],
    )
    for statistic in statistics:
        before, after = statistic(values)[:, : cut + 1], statistic(other)[:, : cut + 1]
        assert np.array_equal(before, after, equal_nan=True)


def test_trailing_mean_needs_half_of_its_window() -> None:
    values = np.array([[1.0, 3.0, np.nan, np.nan, 5.0]])
    found = trailing_mean(values, 3)[0]
    assert found[[1, 2]].tolist() == [2.0, 2.0]
    assert np.isnan(found[[0, 3, 4]]).all()


def test_last_known_looks_past_gaps() -> None:
    known, ago = last_known(np.array([[np.nan, 2.0, np.nan, 4.0, 5.0]]))
    assert np.isnan(known[0, :2]).all()
    assert known[0, 2:].tolist() == [2.0, 2.0, 4.0]
    assert ago[0, 2:].tolist() == [1, 2, 1]


def test_rarity_is_the_tail_probability_and_goes_on_beyond_the_sample() -> None:
    sample = np.random.default_rng(0).exponential(size=50_000)
    tail = tail_of(sample, least_excess=1e-3)
    at = np.array([np.log(10.0), np.log(1000.0), np.log(1e7)])
    assert tail(at) == pytest.approx([1.0, 3.0, 7.0], rel=0.1)
    assert np.isnan(tail(np.array([np.nan])))[0]
    assert (np.diff(tail(np.linspace(0.0, 30.0, 500))) >= 0).all()


def test_ties_count_as_common() -> None:
    sample = np.concatenate([np.zeros(9_990), np.ones(10)])
    tail = tail_of(sample, least_excess=0.05)
    assert tail(np.array([0.0]))[0] < 0.1
    assert tail(np.array([1.0]))[0] == pytest.approx(3.0, abs=0.2)
