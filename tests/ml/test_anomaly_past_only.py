"""A score depends on its own device's past, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from ml.anomaly_params import HOST_METRICS
from tests.ml.conftest import PARAMS, TRAIN_END, Either
from tests.ml.estate import START, Estate

NOW = START + pd.Timedelta(days=52, hours=9)


def test_a_shuffled_future_changes_no_earlier_score(faulty_estate: Estate, either: Either) -> None:
    frame = faulty_estate.frame
    later = frame["hour"] > NOW
    shuffled = frame.copy()
    values = frame.loc[later, list(HOST_METRICS)].sample(frac=1.0, random_state=0)
    shuffled.loc[later, list(HOST_METRICS)] = values.to_numpy() * 3.0
    told = shuffled[shuffled["hour"] <= NOW]

    before = either.predict(frame, score_from=TRAIN_END)
    expected = before[before["hour"] <= NOW].reset_index(drop=True)
    after = either.predict(shuffled, score_from=TRAIN_END)
    assert_same(after[after["hour"] <= NOW].reset_index(drop=True), expected)
    assert_same(either.predict(told, score_from=TRAIN_END), expected)
    assert expected["is_flagged"].any()
    assert (after["raw_score"] != before["raw_score"]).any(), "the future was really changed"


def test_training_looks_at_nothing_after_its_end(
    faulty_estate: Estate, either: Either, fit: Callable[..., Either]
) -> None:
    frame = faulty_estate.frame
    again = fit(frame[frame["hour"] < TRAIN_END], PARAMS)
    assert again.train_end == TRAIN_END
    assert (again.threshold, again.baseline_threshold) == (
        either.threshold,
        either.baseline_threshold,
    )
    assert_same(again.predict(frame, NOW), either.predict(frame, NOW))


def test_a_score_is_that_of_the_device_alone_in_any_order_of_rows(
    faulty_estate: Estate, either: Either
) -> None:
    frame = faulty_estate.frame
    whole = either.predict(frame, score_from=NOW)
    assert_same(either.predict(frame.sample(frac=1.0, random_state=7), score_from=NOW), whole)
    few = frame["device_key"].isin([1003, 1011, 1019])
    some = whole[whole["device_key"].isin([1003, 1011, 1019])].reset_index(drop=True)
    assert_same(either.predict(frame[few], score_from=NOW), some)


def test_the_same_rows_in_another_order_train_the_same_model(
    faulty_estate: Estate, either: Either, fit: Callable[..., Either]
) -> None:
    frame = faulty_estate.frame
    again = fit(frame.sample(frac=1.0, random_state=3), PARAMS, TRAIN_END)
    assert_same(again.predict(frame, NOW), either.predict(frame, NOW))


def test_known_incidents_teach_nothing(faulty_estate: Estate, fit: Callable[..., Either]) -> None:
    """Whatever a masked stretch of the training month shows, the model is the same."""
    frame = faulty_estate.frame
    span = frame["hour"].between(START + pd.Timedelta(days=20), START + pd.Timedelta(days=22))
    masked = frame.assign(is_masked=span & (frame["device_key"] < 1010))
    wild = masked.copy()
    wild.loc[wild["is_masked"], "cpu_avg_pct"] += np.where(
        np.arange(int(wild["is_masked"].sum())) % 2, 60.0, 0.0
    )
    one, other = fit(masked, PARAMS, TRAIN_END), fit(wild, PARAMS, TRAIN_END)
    assert one.threshold == other.threshold
    assert_same(one.predict(masked, NOW), other.predict(wild, NOW))


def assert_same(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
