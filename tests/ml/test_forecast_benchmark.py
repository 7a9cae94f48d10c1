"""The benchmark's own arithmetic, on made-up files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.ml import bitbrains, ett, forecasts, m4


@pytest.mark.parametrize("name", forecasts.SETS)
def test_an_absent_file_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=str(tmp_path)):
        forecasts.SETS[name]()


def test_m4_series_end_together_and_naive2_scores_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / m4.FOLDER
    folder.mkdir(parents=True)
    train = pd.DataFrame({"V1": ["a", "b"], "V2": [1.0, 4.0], "V3": [2.0, 5.0], "V4": [3.0, None]})
    train.to_csv(folder / "Hourly-train.csv.xz", index=False)
    test = pd.DataFrame({"V1": ["a", "b"], "V2": [7.0, 8.0]})
    test.to_csv(folder / "Hourly-test.csv.xz", index=False)
    scores = {"method": ["Naive2"], "sMAPE_Hourly": [18.0], "MASE_Hourly": [2.4]}
    pd.DataFrame(scores).to_csv(folder / "m4_published_scores.csv", index=False)
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))

    split = m4.split()
    assert split.train["unique_id"].tolist() == ["a", "a", "a", "b", "b"]
    assert split.train["ds"].tolist() == [-3, -2, -1, -2, -1]
    assert split.test["ds"].tolist() == [0, 0]
    assert m4.owa(18.0, 2.4) == pytest.approx(1.0)
    assert m4.owa(9.0, 2.4) == pytest.approx(0.75)


def test_days_of_bitbrains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day with 19 hours is a gap, filled from its own side of the split."""
    hours = pd.date_range("2013-07-01", "2013-08-29 23:00", freq="h", tz="UTC")
    frame = pd.DataFrame({"vm": 1, "hour": hours, "cpu_pct": 1.0 * hours.hour, "mem_kb": 8.0})
    last_of_train = pd.Timestamp("2013-07-30", tz="UTC")
    on_it = frame["hour"].dt.floor("D") == last_of_train
    frame = frame[~(on_it & (frame["hour"].dt.hour < 5))]
    frame.loc[frame["hour"] > last_of_train + pd.Timedelta(days=1), "cpu_pct"] = 77.0
    file = tmp_path / bitbrains.HOURLY
    file.parent.mkdir(parents=True)
    frame.to_parquet(file)
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))

    split = bitbrains.split("cpu", 30)
    assert len(split.train) == len(split.test) == 30
    assert split.train["y"].to_numpy() == pytest.approx(0.95 * 23)
    assert split.train["ds"].max() == pd.Timestamp("2013-07-30")
    assert split.test["y"].median() == 77.0


def test_ett_leaves_out_days_that_are_not_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hours = pd.date_range("2016-07-01", periods=150 * 24 + 20, freq="h")
    file = tmp_path / ett.HOURLY
    file.parent.mkdir(parents=True)
    pd.DataFrame({"date": hours, "OT": 1.0 * hours.dayofyear}).to_csv(file, index=False)
    monkeypatch.setenv("OPSMART_DATA", str(tmp_path))

    splits = ett.splits()
    assert [len(split.train) for split in splits] == [30, 60, 90, 120]
    assert [len(split.test) for split in splits] == [30] * 4
    newest = pd.Timestamp("2016-07-01") + pd.Timedelta(days=149)
    assert splits[-1].test["ds"].max() == newest
