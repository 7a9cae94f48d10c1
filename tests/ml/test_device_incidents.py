"""The incident model of an estate: who is scored, of which type, and what history it may know."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml import artifact
from ml.device_incidents import (
    GATE,
    MASKED,
    OUTPUT,
    DeviceIncidentModel,
    backtest,
    device_rows,
    fit,
    unscored,
)
from ml.event_history import history_names
from ml.incident_type import LEAST_ROWS, TYPES, fit_types
from tests.ml.device_days import DAYS, PARAMS, START, WEEK, Estate, estate

ORIGIN = START + pd.Timedelta(days=DAYS - 14)


@pytest.fixture(scope="module")
def made_up() -> Estate:
    return estate()


@pytest.fixture(scope="module")
def frame(made_up: Estate) -> pd.DataFrame:
    return made_up.rows()


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> DeviceIncidentModel:
    return fit(frame, PARAMS, ORIGIN)


@pytest.fixture(scope="module")
def later(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[(frame["as_of"] >= ORIGIN) & (frame["as_of"] <= ORIGIN + WEEK)]


def test_more_than_fifty_inputs_are_read(model: DeviceIncidentModel) -> None:
    assert len(model.features) == len(set(model.features)) > 100


def test_flagged_devices_have_a_type_and_are_told_what_to_do(
    model: DeviceIncidentModel, later: pd.DataFrame
) -> None:
    found = model.predict(later)
    assert found["not_scored_reason"].isna().all(), found["not_scored_reason"].iloc[0]
    assert list(found.columns) == ["device_key", "as_of", *OUTPUT]
    flagged = found[found["is_flagged"]]
    assert len(flagged)
    assert flagged["recommendation"].str.contains("temp_max_celsius_1d is 7").mean() > 0.5
    assert found.loc[~found["is_flagged"], "recommendation"].isna().all()
    right = np.where(found["device_key"] % 2 == 0, "outage", "capacity")
    assert (found["incident_type"] == right).mean() > 0.9
    assert found["type_probability"].between(1 / len(TYPES), 1).all()
    for text, kind in zip(flagged["recommendation"], flagged["incident_type"], strict=True):
        assert text.startswith(f"Most likely {kind} ("), text


def test_maintenance_and_too_few_hours_are_not_scored(
    model: DeviceIncidentModel, later: pd.DataFrame
) -> None:
    likeliest = model.predict(later)["probability"].idxmax()
    hot = later.loc[[likeliest] * 4].reset_index(drop=True)
    rows = hot.assign(
        is_in_maintenance=[True, False, False, True], coverage_7d=[1.0, 0.49, 1.02, np.nan]
    )
    found = model.predict(rows)
    poor = "less than 50% of the last week's hours were measured"
    assert found["not_scored_reason"].tolist() == [MASKED, poor, None, MASKED]
    assert found["probability"].notna().tolist() == [False, False, True, False]
    assert found["is_flagged"].tolist() == [False, False, True, False]
    assert found["incident_type"].notna().tolist() == [False, False, True, False]
    assert found["coverage"].tolist()[:3] == [1.0, 0.49, 1.0]
    assert found[["level", "factors", "recommendation"]].isna().to_numpy()[[0, 1, 3]].all()
    none = unscored(rows, PARAMS, "no version serves")
    assert set(none.columns) == set(found.columns)
    assert none["probability"].isna().all() and not none["is_flagged"].any()


def test_maintenance_teaches_nothing(frame: pd.DataFrame, model: DeviceIncidentModel) -> None:
    is_masked = frame["device_key"] < 110
    masked = frame.assign(is_in_maintenance=is_masked)
    wrong = masked.assign(
        is_incident=frame["is_incident"].where(~is_masked, 1.0 - frame["is_incident"])
    )
    again = fit(masked, PARAMS, ORIGIN), fit(wrong, PARAMS, ORIGIN)
    assert again[0].rows == again[1].rows < model.rows
    assert again[0].incident.base_rate == again[1].incident.base_rate


def test_what_is_stored_says_the_same(model: DeviceIncidentModel, later: pd.DataFrame) -> None:
    content = artifact.dump(model)
    loaded = artifact.load(content, artifact.sha256_of(content), DeviceIncidentModel)
    assert loaded.params == model.params
    pd.testing.assert_frame_equal(loaded.predict(later), model.predict(later))


def test_the_backtest_has_what_the_gate_asks_for(frame: pd.DataFrame) -> None:
    known = frame[frame["label_known_at"] <= ORIGIN]
    tested = backtest(known, PARAMS)
    promotable, reason = GATE.is_promotable(tested)
    assert promotable, reason
    assert PARAMS.judged_on(known).fold_days == 13.0, "a sixth of the 79 days"


def test_later_incidents_and_devices_change_no_history(made_up: Estate) -> None:
    cutoff = START + pd.Timedelta(days=60)
    past = made_up.days[made_up.days["as_of"] <= cutoff]
    later_events = made_up.events["started_at"] > cutoff
    assert later_events.any()
    shuffled = made_up.events.assign(
        device_key=made_up.events["device_key"].where(~later_events, 100),
        kind=made_up.events["kind"].where(~later_events, "security"),
        # who had not recovered by then may never have
        ended_at=made_up.events["ended_at"].where(made_up.events["ended_at"] <= cutoff),
    )
    newcomers = pd.DataFrame(
        {"device_key": [1, 2], "site_key": [1, 9], "observed_since": cutoff + WEEK}
    )
    devices = pd.concat([newcomers, made_up.devices], ignore_index=True)
    found = device_rows(past, shuffled, devices)
    expected = device_rows(past, made_up.events, made_up.devices)
    used = [name for name in PARAMS.incident.features if name.startswith("incident_")]
    assert 20 < len(used) < len(history_names(TYPES))
    pd.testing.assert_frame_equal(found[used], expected[used])


def test_types_ship_only_where_they_beat_their_shares() -> None:
    random = np.random.default_rng(2)
    kinds = pd.Series(random.choice(["outage", "security", "unknown"], 400, p=[0.5, 0.3, 0.2]))
    days = pd.Series(pd.date_range(START, periods=400, freq="6h"))
    noise = random.normal(size=(400, 5))
    by_chance = fit_types(noise, kinds, days)
    assert by_chance.classifier is None and by_chance.loss > 0.5
    # one of each of the six is thought to have been seen beside those that were
    known = kinds[kinds != "unknown"]
    share = ((known == "outage").sum() + 1) / (len(known) + 6)
    assert by_chance.probabilities(noise)[:, TYPES.index("outage")] == pytest.approx(share)
    telling = noise + 2.0 * (kinds == "outage").to_numpy()[:, None]
    learned = fit_types(telling, kinds, days)
    assert learned.classifier is not None and learned.loss < learned.shares_loss
    assert learned.probabilities(telling).sum(axis=1) == pytest.approx(1.0)
    few = slice(0, LEAST_ROWS - 1)
    assert fit_types(telling[few], kinds[few], days[few]).classifier is None
