"""How the public sets of anomalies are cut and scored, by figures worked out by hand."""

from __future__ import annotations

import math
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.ml import alarm_scores, machines, nab, nab_scores
from benchmarks.ml.anomalies import SETS
from benchmarks.ml.anomaly_peers import hourly_z, static_z
from ml.alerts import alert_starts
from ml.grid import Floats


@pytest.mark.parametrize("name", SETS)
def test_a_missing_file_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        SETS[name]()


def test_budget_alarms_are_merged_and_events_counted_once() -> None:
    """Four days of hours allow two alarms: hours 10, 11 and 50 are two, 70 a third."""
    scores = np.zeros(96)
    scores[[10, 11, 50, 70]] = [4.0, 3.0, 2.0, 1.0]
    assert alarm_scores.threshold_for(scores, 60) == 2.0
    is_odd = np.zeros(96, dtype=np.bool_)
    is_odd[11:14] = is_odd[90:92] = True
    found = alarm_scores.threshold_metrics(scores >= 2.0, is_odd, 60)
    assert found == {"alarms_per_day": 0.5, "recall": 0.5}


def test_no_more_than_a_tenth_of_the_time_may_be_alarmed() -> None:
    """One alarm of thirty hours would keep to the number, not to the time."""
    scores = np.concatenate([np.linspace(1.0, 2.0, 30), np.zeros(66)])
    assert (scores >= alarm_scores.threshold_for(scores, 60)).sum() <= 9


def test_scores_are_not_point_adjusted() -> None:
    """One of four odd rows found: precision 1 at recall 1/4, so F1 is 0.4; adjusted it were 1."""
    is_odd = np.array([0, 0, 0, 0, 1, 1, 1, 1], dtype=np.bool_)
    scores = np.array([3.0, 3.0, 3.0, 3.0, 9.0, 0.0, 0.0, 0.0])
    assert alarm_scores.score_metrics(scores, is_odd, 60)["best_f1"] == pytest.approx(2 / 3)
    # all rows flagged: precision 1/2, recall 1, F1 2/3, which is more than 0.4
    assert alarm_scores.score_metrics(scores, is_odd, 60)["pr_auc"] == pytest.approx(
        0.25 * 1.0 + 0.75 * 0.5
    )


def test_an_hour_is_odd_if_any_of_its_rows_is() -> None:
    test = np.arange(25.0)[:, None]
    is_odd = np.zeros(25, dtype=np.bool_)
    is_odd[[13, 24]] = True
    hourly = machines.Machine("m", test, test, is_odd, 5).hourly()
    assert hourly.test[:, 0].tolist() == [5.5, 17.5]
    assert hourly.is_odd.tolist() == [False, True], "the last row has no whole hour"
    assert hourly.step_minutes == 60


def test_the_robust_z_by_hand() -> None:
    """Median 2, MAD 1: 1.4826; 2 + 2.9652 is two spreads off, and twenty are the most."""
    train: Floats = np.tile(np.array([1.0, 1.0, 2.0, 3.0, 3.0]), 24 * 4)[:, None]
    test = np.array([[2.0 + 2.9652], [1000.0]])
    machine = machines.Machine("m", train, test, np.zeros(2, dtype=np.bool_), 60)
    assert static_z(machine) == pytest.approx([2.0, 20.0])
    assert hourly_z(machine)[1] == pytest.approx(50.0)


def sigmoid(position: float) -> float:
    return 2.0 / (1.0 + math.exp(5.0 * position)) - 1.0


def test_nab_rewards_early_detections_and_only_the_first() -> None:
    """Windows of ten rows; at the first row the reward is 1, at row 5 the position is -5/10."""
    detected = np.zeros(100, dtype=np.bool_)
    detected[[40, 41, 49, 75]] = True
    found = nab_scores.outcome(detected, [(40, 49), (70, 79)])
    assert found.score == pytest.approx(1.0 + sigmoid(-0.5) / sigmoid(-1.0))
    assert found[1:] == (2, 2, 0)
    assert nab_scores.scaled([found]) > 96.0


def test_nab_costs_of_misses_and_false_detections() -> None:
    """Rows 20, 52 and 90 are 12/6, 3/9 and 41/9 of a window behind the last; the end costs 0.11."""
    detected = np.zeros(100, dtype=np.bool_)
    detected[[5, 20, 52, 90]] = True
    found = nab_scores.outcome(detected, [(2, 8), (40, 49)])
    assert found.score == pytest.approx(-1.0 + 0.11 * (sigmoid(2.0) + sigmoid(3 / 9) - 1.0))
    assert found[1:] == (1, 0, 3), "what is on probation, the first 15 rows, does not count"
    nothing = nab_scores.outcome(np.zeros(100, dtype=np.bool_), [(40, 49)])
    assert nab_scores.scaled([nothing]) == 0.0


def test_nab_files_are_read_and_a_jump_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock off by minutes, two rows in one step, a jump on the fourth day."""
    random = np.random.default_rng(0)
    at = pd.date_range("2014-04-01 00:02", periods=4 * 288, freq="5min")
    at = at.where(at != at[700], at[699] + pd.Timedelta(minutes=1))
    value = random.normal(10.0, 1.0, len(at))
    value[1000] = 30.0
    folder = tmp_path / "shared"
    (folder / "data").mkdir(parents=True)
    (folder / "labels").mkdir()
    pd.DataFrame({"timestamp": at, "value": value}).to_csv(folder / "data/a.csv", index=False)
    windows = f'{{"a.csv": [["{at[990]}.000000", "{at[1010]}.000000"]]}}'
    (folder / "labels/combined_windows.json").write_text(windows)
    archive = tmp_path / nab.ARCHIVE
    archive.parent.mkdir()
    with tarfile.open(archive, "w:xz") as written:
        written.add(folder, ".")
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))

    (series,) = nab.read()
    assert (series.windows, series.step_minutes) == ([(990, 1010)], 5)
    detected = nab.detections(series)
    assert len(detected) == len(at)
    assert not detected[: 2 * 288].any(), "two days are needed to learn"
    alerts = nab.only_alerts(series, detected)
    assert alerts[1000]
    assert alerts.sum() == alert_starts(detected[None], 24).sum()
    assert nab.gaussian(series).nonzero()[0].tolist() == [1000]
