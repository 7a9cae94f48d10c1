"""A challenge is decided by what both said of the same rows, and only once enough is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.challenge import MOST_DAYS, clustered_interval, compare


def cells_of(
    champion: float, challenger: list[float], naive: float, days: int = 8, events: int = 1
) -> pd.DataFrame:
    """Ten rows for each device and day; a device's mean loss is the same on all days."""
    return pd.DataFrame(
        {
            "entity": np.repeat(np.arange(len(challenger)), days),
            "day": np.tile(np.arange(days), len(challenger)),
            "n": 10,
            "events": events,
            "champion": 10 * champion,
            "challenger": np.repeat(10 * np.array(challenger), days),
            "naive": 10 * naive,
        }
    )


def test_the_interval_of_a_mean_is_the_one_worked_out_by_hand() -> None:
    """Differences of three devices on two days, a row each, mean 1.

    ::

            day 1  day 2           off by         sum
        a     0      1            -1    0         -1
        b     1      2             0    1          1
        c     1      1             0    0          0
                             sum  -1    1

    By device (1 + 1) * 3/2 = 3, by day (1 + 1) * 2/1 = 4, by both (1 + 1) * 6/5 = 2.4. Variance of
    the mean (3 + 4 - 2.4) / 36, its root 0.35746; with 2 - 1 degrees of freedom the 97.5 % quantile
    of t is 12.7062.
    """
    cells = pd.DataFrame(
        {
            "entity": ["a", "a", "b", "b", "c", "c"],
            "day": [1, 2] * 3,
            "n": 1,
            "total": [0.0, 1.0, 1.0, 2.0, 1.0, 1.0],
        }
    )
    found = clustered_interval(cells)
    assert found == pytest.approx((1.0, 1.0 - 4.54199, 1.0 + 4.54199), abs=1e-4)
    # cells of several rows: the same mean, twice as many rows with twice the totals
    doubled = cells.assign(n=2, total=2 * cells["total"])
    assert clustered_interval(doubled) == pytest.approx(found)


def test_differences_that_cancel_out_by_device_and_by_day_are_still_uncertain() -> None:
    # -1, 1 and 1, -1: nothing by device or day, (4 * 4/3) / 16 by both, its root 0.57735
    cells = pd.DataFrame(
        {"entity": [1, 1, 2, 2], "day": [1, 2, 1, 2], "n": 1, "total": [-1.0, 1.0, 1.0, -1.0]}
    )
    assert clustered_interval(cells).upper == pytest.approx(12.7062 * 0.57735, abs=1e-4)


# The champion gains 0.5 - 0.3 = 0.2 over the naive answer, so 0.04 may be lacking. Devices whose
# differences are d - s and d + s, three each: mean d, variance by device 6 s² * 6/5 / 6², by
# day 0, by both 48 s² * 48/47 / 48²; t with 5 degrees of freedom 2.5706: half 2.5706 * 0.44721 s
@pytest.mark.parametrize(
    ("off", "spread", "verdict"),
    [
        # up to 0.030 + 0.0057
        (0.03, 0.005, "not_worse"),
        # up to 0.030 + 0.023, down to 0.007: shown to be worse, and by too much perhaps
        (0.03, 0.02, "worse"),
        # up to 0.046, down to -0.046
        (0.0, 0.04, "open"),
        (-0.05, 0.04, "not_worse"),
        (0.05, 0.04, "worse"),
    ],
)
def test_newer_data_win_unless_much_of_the_gain_is_lost(
    off: float, spread: float, verdict: str
) -> None:
    challenger = [0.3 + off - spread, 0.3 + off + spread] * 3
    found = compare(cells_of(0.3, challenger, naive=0.5), is_over=False)
    assert found.verdict == verdict, found.reason
    assert found.margin == pytest.approx(0.04)
    half = 2.5706 * 0.44721 * spread
    assert (found.difference_lower, found.difference_upper) == pytest.approx(
        (off - half, off + half), abs=1e-5
    )
    assert (found.n, found.days, found.entities) == (480, 8, 6)
    left = compare(cells_of(0.3, challenger, naive=0.5), is_over=True)
    assert left.verdict == ("gate" if verdict == "open" else verdict)


def test_a_champion_no_better_than_naive_protects_nothing_but_itself() -> None:
    same = compare(cells_of(0.6, [0.6] * 6, naive=0.5), is_over=False)
    assert (same.verdict, same.margin, same.difference_upper) == ("not_worse", 0.0, 0.0)
    assert compare(cells_of(0.6, [0.601] * 6, naive=0.5), is_over=False).verdict == "worse"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (cells_of(0.3, [0.2] * 6, 0.5, days=6), "outcomes of 6 days, 7 needed, and 6 devices"),
        (cells_of(0.3, [0.2] * 4, 0.5), "outcomes of 8 days, 7 needed, and 4 devices, 5 needed"),
        # who never warns is never wrong where nothing happens
        (cells_of(0.3, [0.0] * 6, 0.0, events=0), "and 0 devices"),
        (cells_of(0.3, [0.2] * 6, 0.5).head(0), "outcomes of 0 days"),
    ],
)
def test_with_too_few_outcomes_nothing_is_decided_before_the_end(
    cells: pd.DataFrame, said: str
) -> None:
    found = compare(cells, is_over=False)
    assert found.verdict == "open"
    assert said in found.reason
    left = compare(cells, is_over=True)
    assert left.verdict == "gate"
    assert left.reason == f"left to the gate after {MOST_DAYS} days: {found.reason}"
