"""What the forest and its challenger make of odd devices: a row each, with a score or a reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anomaly_output import NOT_MEASURED, OUTPUT
from ml.anomaly_params import HOST_METRICS
from ml.neighbour_anomaly import NO_REFERENCE, NeighbourModel
from tests.ml.conftest import PARAMS, TRAIN_END, Either
from tests.ml.estate import START, Estate, estate

DAY = pd.Timedelta(days=1)


def test_a_reset_counter_is_flagged_once_and_named(either: Either) -> None:
    frame = estate(hosts=1, days=50, seed=4).frame
    reset = TRAIN_END + 3 * DAY
    since = (frame["hour"] - reset) / pd.Timedelta(hours=1)
    frame["uptime_hours"] = np.where(since >= 0, since + 1.0, frame["uptime_hours"])
    scores = either.predict(frame, score_from=TRAIN_END).set_index("hour")
    assert scores["not_scored_reason"].isna().all()
    assert scores.loc[reset, "is_flagged"]
    assert scores["factors"][reset][0]["metric"] == "uptime_hours"
    later = scores[reset + DAY : reset + 3 * DAY]
    assert later["is_flagged"].mean() < 0.1, "a counter that runs again is as usual"


def test_clocks_that_change_cost_no_row_and_no_lasting_alarm(either: Either) -> None:
    """Local rhythms move by an hour in UTC; the skipped and the doubled hour are single here."""
    frame = estate(hosts=4, days=60, seed=4).frame
    change = TRAIN_END + 2 * DAY
    moved = frame.copy()
    for metric in HOST_METRICS[:-1]:
        by_host = frame.groupby("device_key")[metric]
        moved[metric] = np.where(frame["hour"] >= change, by_host.shift(-1), frame[metric])
    moved = moved.groupby("device_key").head(59 * 24)
    usual = either.predict(frame, score_from=change)
    scores = either.predict(moved, score_from=change)
    assert len(scores) == (moved["hour"] >= change).sum()
    assert scores["not_scored_reason"].isna().all()
    assert scores["is_flagged"].mean() < usual["is_flagged"].mean() + 0.02


def test_a_metric_that_never_moved_does_not_divide_by_zero(either: Either) -> None:
    frame = estate(hosts=3, days=50, seed=2).frame
    frame.loc[frame["device_key"] == 1000, list(HOST_METRICS)] = 7.0
    moved = TRAIN_END + 5 * DAY
    frame.loc[(frame["device_key"] == 1000) & (frame["hour"] == moved), "mem_avg_pct"] = 60.0
    scores = either.predict(frame, score_from=TRAIN_END)
    still = scores[scores["device_key"] == 1000].set_index("hour")
    assert np.isfinite(still["raw_score"]).all()
    assert not still.loc[: moved - DAY / 24, "is_flagged"].any()
    assert still.loc[moved, "is_flagged"]
    assert still["factors"][moved][0]["metric"] == "mem_avg_pct"


def test_devices_without_a_reference_say_so(
    faulty_estate: Estate, fit: Callable[..., Either]
) -> None:
    """A device that came after training, one that left in it, one never measured."""
    frame = faulty_estate.frame.copy()
    frame = frame[(frame["device_key"] != 1000) | (frame["hour"] >= TRAIN_END - DAY)]
    frame = frame[(frame["device_key"] != 1001) | (frame["hour"] < TRAIN_END - 5 * DAY)]
    frame.loc[frame["device_key"] == 1002, list(HOST_METRICS)] = np.nan
    model = fit(frame, PARAMS, TRAIN_END)
    scores = model.predict(frame, score_from=TRAIN_END - 10 * DAY)
    assert len(scores) == (frame["hour"] >= TRAIN_END - 10 * DAY).sum()
    reasons = scores.set_index("device_key")["not_scored_reason"]
    assert reasons.loc[1000].iloc[0] is not None
    assert reasons.loc[1001].isna().all()
    assert (reasons.loc[1002] == NOT_MEASURED).all()
    assert reasons.loc[1003].isna().all()
    if isinstance(model, NeighbourModel):
        assert (reasons.loc[1000] == NO_REFERENCE).all()


def test_one_day_of_history_trains_nothing(fit: Callable[..., Either]) -> None:
    with pytest.raises(ValueError, match="too little to learn from"):
        fit(estate(hosts=3, days=1, seed=2).frame, PARAMS)


def test_lost_metrics_lower_coverage(faulty_estate: Estate, either: Either) -> None:
    frame = faulty_estate.frame.copy()
    frame.loc[frame["hour"] >= TRAIN_END, ["mem_avg_pct", "power_avg_watts"]] = np.nan
    frame["coverage"] = 0.5
    frame["temp_max_celsius"] = np.where(frame["device_key"] == 1000, np.nan, 1.0)
    coverage = either.predict(frame, score_from=TRAIN_END)["coverage"]
    assert coverage.iloc[0] == pytest.approx(0.5 * 5 / 7), "a sensor it never had is not missing"
    assert coverage.iloc[-1] == pytest.approx(0.5 * 6 / 8)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_wild_values_never_break_the_challenger(
    faulty_estate: Estate, neighbours: NeighbourModel, data: st.DataObject
) -> None:
    frame = faulty_estate.frame
    frame = frame[(frame["device_key"] < 1002) & (frame["hour"] >= START + 35 * DAY)].reset_index(
        drop=True
    )
    wild = [0.0, -0.0, 1e-300, -1e300, 1e12, np.nan, np.inf, -np.inf]
    for _ in range(data.draw(st.integers(1, 12))):
        first = data.draw(st.integers(0, len(frame) - 1))
        metric = data.draw(st.sampled_from(HOST_METRICS))
        frame.loc[first : first + data.draw(st.integers(1, 60)), metric] = data.draw(
            st.sampled_from(wild)
        )
    kept = frame[np.arange(len(frame)) % data.draw(st.integers(2, 9)) != 0]
    scores = neighbours.predict(kept)
    assert list(scores.columns) == ["device_key", "hour", *OUTPUT]
    assert len(scores) == len(kept)
    is_scored = scores["not_scored_reason"].isna()
    assert np.isfinite(scores.loc[is_scored, "raw_score"]).all()
    assert scores.loc[is_scored, "score"].between(0.0, 1.0).all()
    assert scores["coverage"].between(0.0, 1.0).all()
    assert scores.loc[~is_scored, ["score", "raw_score"]].isna().all(axis=None)
    assert scores["factors"].notna().equals(scores["is_flagged"])
