"""How the public sets of the incident model are cut: labels, and what was known when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.ml import servicenow
from benchmarks.ml.classifier_scores import scores_of
from benchmarks.ml.failures import HORIZON, failures_between
from benchmarks.ml.incidents import SETS

DAY = pd.Timedelta(days=1)
MONDAY = pd.Timestamp("2016-03-07")


def test_a_week_holds_its_first_moment_and_not_the_next_weeks() -> None:
    events = pd.DataFrame({"entity": [1, 1, 2], "started_at": MONDAY + DAY * np.array([0, 7, 3])})
    rows = pd.DataFrame({"entity": [1, 1, 2, 3], "as_of": [MONDAY, MONDAY + DAY, MONDAY, MONDAY]})
    ahead = failures_between(events, rows, pd.Timedelta(0), HORIZON)
    assert ahead.tolist() == [1.0, 1.0, 1.0, 0.0]
    behind = failures_between(events, rows, -HORIZON, pd.Timedelta(0))
    assert behind.tolist() == [0.0, 1.0, 0.0, 0.0]


def test_tickets_settle_after_the_median_delay_of_early_ones() -> None:
    """Late tickets, of which only the fast ones are known, do not shorten it."""
    opened = pd.Series([MONDAY, MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 50 * DAY])
    delays = pd.to_timedelta([4, 12, 30, 1], unit="D")
    train = pd.DataFrame({"opened_at": opened, "closed_at": opened + delays})
    assert servicenow.settling_days(train) == 12.0


def test_only_tickets_closed_before_are_counted() -> None:
    frame = pd.DataFrame(
        {
            "group": ["a", "a", "a", "b"],
            "opened_at": [MONDAY, MONDAY + DAY, MONDAY + 3 * DAY, MONDAY + 3 * DAY],
            "closed_at": [MONDAY + 2 * DAY, MONDAY + 9 * DAY, MONDAY + 4 * DAY, MONDAY + 5 * DAY],
        }
    )
    assert np.expm1(servicenow.closed_before(frame, "group")).round().tolist() == [0, 0, 1, 0]


def test_an_order_is_not_scored_as_a_probability() -> None:
    labels, ours = np.array([1.0, 0.0, 0.0, 1.0]), np.array([0.9, 0.1, 0.2, 0.8])
    goals = {"pr_auc": 0.5, "brier_skill": None}
    ranked, brier = scores_of(labels, ours, np.arange(4.0), None, {}, goals, 0.5)
    assert (ranked.naive, ranked.ours, ranked.reaches_goal) == (0.75, 1.0, True)
    assert (brier.naive, brier.reaches_goal) == (None, None)


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_missing_file_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path / "04_incidents")):
        SETS[name]()
