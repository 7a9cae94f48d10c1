"""What is missing is said: every row in is a row out, with a score or with a reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly import OUTPUT, TOO_NEW, AnomalyModel
from ml.anomaly_output import NOT_MEASURED
from ml.anomaly_params import HOST_METRICS
from ml.neighbour_anomaly import NO_REFERENCE
from tests.ml.conftest import PARAMS, TRAIN_END, Either
from tests.ml.estate import START, Estate, estate

WEIRD = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 1e-300, -1e300, 1e12, np.nan]),
)


def test_hosts_are_scored_from_the_metrics_they_have(
    faulty_estate: Estate, model: AnomalyModel
) -> None:
    """A switch without disk and a guest without sensors share the scale of hosts that have all."""
    quiet = estate(hosts=20, days=55, seed=5).frame
    lacking = quiet.copy()
    lacking.loc[lacking["device_key"] < 1010, ["disk_used_pct", "uptime_hours"]] = np.nan
    lacking.loc[lacking["device_key"] >= 1010, ["temp_max_celsius", "power_avg_watts"]] = np.nan
    scores = model.predict(lacking, score_from=TRAIN_END)
    assert scores["not_scored_reason"].isna().all()
    assert (scores["coverage"] == 1.0).all(), "a metric the host never had is not missing"
    assert 0.4 < scores["score"].mean() < 0.6

    faulty = faulty_estate.frame.assign(disk_used_pct=np.nan)
    found = model.predict(faulty, score_from=TRAIN_END)
    hours = np.flatnonzero(faulty_estate.is_faulty[:, 40 * 24 :].ravel())
    assert found["raw_score"].iloc[hours].mean() > found["raw_score"].mean() + 0.1


def test_an_hour_without_measurements_says_so(faulty_estate: Estate, either: Either) -> None:
    frame = faulty_estate.frame.copy()
    dark = (frame["device_key"] == 1002) & (frame["hour"] >= TRAIN_END + pd.Timedelta(hours=5))
    frame.loc[dark, list(HOST_METRICS)] = np.nan
    scores = either.predict(frame, score_from=TRAIN_END)
    silent = scores[(scores["device_key"] == 1002)].iloc[5:]
    assert (silent["not_scored_reason"] == NOT_MEASURED).all()
    assert silent[["score", "raw_score", "baseline_score", "severity"]].isna().all(axis=None)
    assert (silent["coverage"] == 0.0).all()
    assert not silent["is_flagged"].any()


def test_a_lost_metric_lowers_coverage(faulty_estate: Estate, either: Either) -> None:
    frame = faulty_estate.frame.copy()
    frame.loc[frame["hour"] >= TRAIN_END, ["mem_avg_pct", "power_avg_watts"]] = np.nan
    frame["coverage"] = 0.5
    scores = either.predict(frame, score_from=TRAIN_END)
    assert scores["coverage"].iloc[0] == pytest.approx(0.5 * 6 / 8)


def test_a_new_device_is_scored_once_it_has_a_past(
    faulty_estate: Estate, model: AnomalyModel
) -> None:
    frame = faulty_estate.frame
    arrives = START + pd.Timedelta(days=50)
    leaves = START + pd.Timedelta(days=48)
    seen = frame[
        ((frame["device_key"] != 1000) | (frame["hour"] >= arrives))
        & ((frame["device_key"] != 1001) | (frame["hour"] < leaves))
    ]
    scores = model.predict(seen, score_from=TRAIN_END)
    assert len(scores) == (seen["hour"] >= TRAIN_END).sum()
    new = scores[scores["device_key"] == 1000].set_index("hour")["not_scored_reason"]
    assert (new[: arrives + pd.Timedelta(days=3)] == TOO_NEW).all()
    assert new[arrives + pd.Timedelta(days=5) :].isna().all()
    assert scores.loc[scores["device_key"] == 1001, "hour"].max() < leaves


def test_constant_series_raise_no_alert_until_they_move(either: Either) -> None:
    frame = estate(hosts=2, days=50, seed=2).frame
    for metric in HOST_METRICS[:-1]:
        frame.loc[frame["device_key"] == 1000, metric] = 7.0
    moved = START + pd.Timedelta(days=49)
    frame.loc[(frame["device_key"] == 1000) & (frame["hour"] == moved), "mem_avg_pct"] = 60.0
    scores = either.predict(frame, score_from=START + pd.Timedelta(days=20))
    still = scores[scores["device_key"] == 1000].set_index("hour")
    assert still["not_scored_reason"].isna().all()
    assert not still.loc[: moved - pd.Timedelta(hours=1), "is_flagged"].any()
    jump = still.loc[[moved]].iloc[0]
    assert jump["is_flagged"]
    assert jump["factors"][0]["metric"] == "mem_avg_pct"


def test_one_day_of_history_trains_nothing_and_scores_nothing(
    either: Either, fit: Callable[..., Either]
) -> None:
    day = estate(hosts=3, days=1, seed=2).frame
    with pytest.raises(ValueError, match="too little to learn from"):
        fit(day, PARAMS)
    scores = either.predict(day)
    assert scores["not_scored_reason"].isin([TOO_NEW, NO_REFERENCE]).all()
    assert len(scores) == len(day)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: frame.drop(columns="mem_avg_pct"), "lacks the columns mem_avg_pct"),
        (lambda frame: pd.concat([frame, frame.head(1)]), "same device_key and hour"),
        (lambda frame: frame.assign(hour=frame["hour"].dt.tz_localize(None)), "time-zone-aware"),
        (
            lambda frame: frame.assign(hour=frame["hour"] + pd.Timedelta(minutes=1)),
            "not on steps of 60 minutes",
        ),
        (lambda frame: frame.head(0), "no rows"),
    ],
)
def test_a_frame_that_breaks_its_contract_is_refused(
    either: Either, change: object, message: str
) -> None:
    assert callable(change)
    with pytest.raises(ValueError, match=message):
        either.predict(change(estate(hosts=1, days=2, seed=1).frame))


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_wild_values_never_break_the_output(either: Either, data: st.DataObject) -> None:
    frame = estate(hosts=2, days=43, seed=3).frame
    frame = frame[frame["hour"] >= START + pd.Timedelta(days=35)].reset_index(drop=True)
    for _ in range(data.draw(st.integers(1, 12))):
        first = data.draw(st.integers(0, len(frame) - 1))
        count = data.draw(st.integers(1, 60))
        metric = data.draw(st.sampled_from(HOST_METRICS))
        frame.loc[first : first + count, metric] = data.draw(WEIRD)
    kept = frame[np.arange(len(frame)) % data.draw(st.integers(2, 9)) != 0]
    scores = either.predict(kept)

    assert list(scores.columns) == ["device_key", "hour", *OUTPUT]
    pd.testing.assert_frame_equal(
        scores[["device_key", "hour"]],
        kept[["device_key", "hour"]].reset_index(drop=True),
        check_dtype=False,
    )
    is_scored = scores["not_scored_reason"].isna()
    assert np.isfinite(scores.loc[is_scored, "raw_score"]).all()
    assert scores.loc[is_scored, "score"].between(0.0, 1.0).all()
    assert scores["coverage"].between(0.0, 1.0).all()
    assert scores.loc[~is_scored, ["score", "raw_score"]].isna().all(axis=None)
    assert scores["factors"].notna().equals(scores["is_flagged"])
