"""Readings and distances of the challenger, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ml.grid import Axis
from ml.neighbour_readings import READINGS, in_units, least_of, spread_of, usual_of
from ml.neighbours import Neighbours

HOURLY = Axis("device", "at", 60)


def test_the_fifth_nearest_step_of_another_day_counts() -> None:
    """Places 0 to 9 on a line, days 0 and 1 in turn; seen from place 0 of day 0, only 1, 3, ... 9.

    The fifth of them is 9 away; for a step of day 2 all ten count and the fifth is 4 away.
    """
    points = np.arange(10, dtype=np.float32)[:, None]
    reference = Neighbours(points, np.arange(10) % 2)
    found = reference.distances(np.zeros((2, 1), dtype=np.float32), np.array([0, 2]))
    assert found == pytest.approx([9.0, 4.0])


def test_readings_by_hand() -> None:
    """Four days that show 10 by night and 20 from noon on; then 26 at the first hour after noon.

    Median 15 (half of each), so night adds -5 and day 5. At 26 the residual is 6; the mean level of
    six hours is (5 * -5 + 11) / 6; residuals before were 0: contrasts 6 - 6/3 and 6 - 6/6.
    """
    day = np.repeat([10.0, 20.0], 12)
    values = np.tile(day, 5).astype(np.float32)[None]
    values[0, 4 * 24 + 12] = 26.0
    teaches = np.arange(5 * 24) < 4 * 24
    usual = usual_of(values, teaches, HOURLY)
    assert usual.median == pytest.approx([15.0])
    readings = usual.readings(values, HOURLY)[:, 0, 4 * 24 + 12]
    by_hand = {
        "residual": 6.0,
        "long_mean": (5 * -5.0 + 11.0) / 6,
        "short_contrast": 4.0,
        "long_contrast": 5.0,
    }
    assert dict(zip(READINGS, readings.tolist(), strict=True)) == pytest.approx(by_hand)


def test_a_new_device_has_no_rhythm_yet() -> None:
    values = np.tile(np.repeat([10.0, 20.0], 12), 2).astype(np.float32)[None]
    assert not usual_of(values, np.ones(48, dtype=np.bool_), HOURLY).by_hour.any()


def test_units_are_the_larger_spread_and_never_nothing() -> None:
    """Mostly idle: MAD 0, standard deviation sqrt(0.1 * 0.9) * 10 = 3; what never moves takes 1."""
    idle = np.where(np.arange(100) % 10 == 0, 10.0, 0.0)
    still = np.zeros(100)
    readings = np.stack([idle, still]).astype(np.float32)[None]
    spread = spread_of(readings, np.ones(100, dtype=np.bool_))
    assert spread[0] == pytest.approx([3.0, 0.0])
    floor = least_of(spread[None])
    assert floor[0] == pytest.approx([0.3 * 3.0, 1.0])
    readings[0, 1, 0] = np.nan
    points = in_units(readings, spread, floor)
    assert points.shape == (100, 2)
    assert points[0] == pytest.approx([10.0 / 3.0, 0.0]), "what is not measured is as usual"
