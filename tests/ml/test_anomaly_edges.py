"""What the forest and its challenger make of odd devices: a row each, with a score or a reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ml.anomaly_output import NOT_MEASURED
from ml.anomaly_params import HOST_METRICS
from ml.neighbour_anomaly import NO_REFERENCE, NeighbourModel
from tests.ml.conftest import PARAMS, TRAIN_END, Either
from tests.ml.estate import Estate, estate

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
