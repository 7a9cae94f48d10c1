"""A large estate is read in parts: the sample of a training, the devices of a scoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import psycopg
import pytest

from ml.anomaly import AnomalyModel, AnomalyParams
from ml.drift import DriftParams, judge
from orchestration import anomaly, features
from tests.ml.conftest import PARAMS, TRAIN_END, faulty_estate, model
from tests.ml.estate import START, Estate
from tests.orchestration.feature_table import feature_table
from warehouse import Warehouse

__all__ = ["faulty_estate", "model"]

ROLES = {"server": 13, "switch": 6, "ups": 1}
DEVICES = range(1000, 1020)
LATECOMER = 1019
HOURS = "feat_infra_hourly"


@pytest.fixture(scope="module")
def frame(faulty_estate: Estate) -> pd.DataFrame:
    """Twenty devices of three roles, one of them new, with hours that nobody measured."""
    roles = np.repeat(list(ROLES), list(ROLES.values()))
    frame = faulty_estate.frame.assign(
        role_name=lambda rows: roles[rows["device_key"].to_numpy() - 1000]
    )
    frame.loc[frame["device_key"] == 1003, "temp_max_celsius"] = np.nan
    is_there = (frame["device_key"] != LATECOMER) | (frame["hour"] >= TRAIN_END)
    return frame[is_there].reset_index(drop=True)


@pytest.fixture
def connection(warehouse: Warehouse, frame: pd.DataFrame) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection, feature_table(connection, frame):
        yield connection


def test_scores_are_the_same_however_few_devices_are_read_at_once(
    connection: psycopg.Connection,
    frame: pd.DataFrame,
    model: AnomalyModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = TRAIN_END - timedelta(days=PARAMS.history_days)
    whole = pd.concat(features.by_entities(connection, HOURS, PARAMS, start, TRAIN_END))
    expected = model.predict(whole, TRAIN_END)
    assert expected["is_flagged"].any()
    for rows_at_once in (700, 1440, 5000):
        monkeypatch.setattr(features, "ROWS_AT_ONCE", rows_at_once)
        parts = list(features.by_entities(connection, HOURS, PARAMS, start, TRAIN_END))
        assert len(parts) > 3
        devices = [device for part in parts for device in part["device_key"].unique()]
        assert devices == sorted(set(frame["device_key"])), "every device in one part, all of it"
        scored = pd.concat([model.predict(part, TRAIN_END) for part in parts], ignore_index=True)
        pd.testing.assert_frame_equal(scored, expected, check_exact=True)


def test_features_are_read_as_they_are_stored(
    connection: psycopg.Connection, frame: pd.DataFrame
) -> None:
    found = features.sample(connection, HOURS, PARAMS, START, TRAIN_END)
    expected = frame[frame["hour"] < TRAIN_END].drop(columns="role_name").reset_index(drop=True)
    pd.testing.assert_frame_equal(
        found[expected.columns], expected, check_exact=False, rtol=1e-15, check_dtype=False
    )
    assert features.hours_recorded(connection, HOURS) == (frame["hour"].min(), frame["hour"].max())
    assert features.rows_since(connection, HOURS, TRAIN_END) == (frame["hour"] >= TRAIN_END).sum()


@pytest.mark.parametrize("most", [3, 10, 19])
def test_a_sample_is_the_same_ever_after_and_shows_every_role_by_its_share(
    connection: psycopg.Connection, frame: pd.DataFrame, most: int
) -> None:
    params = replace(PARAMS, sample_devices=most)
    found = features.sample(connection, HOURS, params, START, TRAIN_END + timedelta(days=1))
    devices = set(found["device_key"])
    assert len(devices) == most
    roles = frame.drop_duplicates("device_key").set_index("device_key")["role_name"]
    shown = roles[sorted(devices)].value_counts()
    for role, count in ROLES.items():
        share = most * count / sum(ROLES.values())
        assert shown[role] >= 1 and abs(shown[role] - share) < 2
    later = features.sample(connection, HOURS, params, START, TRAIN_END + timedelta(days=9))
    assert set(later["device_key"]) == devices
    assert (found.groupby("device_key")["hour"].count() == 41 * 24).sum() >= most - 1


def test_without_a_row_nothing_is_read(connection: psycopg.Connection) -> None:
    assert (
        list(
            features.by_entities(connection, HOURS, PARAMS, START + timedelta(days=900), TRAIN_END)
        )
        == []
    )
    connection.execute("truncate features.feat_infra_hourly")
    assert features.hours_recorded(connection, HOURS) is None


def test_a_model_with_metrics_of_its_own_reads_only_those(connection: psycopg.Connection) -> None:
    params = AnomalyParams(
        metrics=("cpu_avg_pct",), log_metrics=(), growth_metrics=(), reset_metrics=()
    )
    found = features.sample(connection, HOURS, params, START, TRAIN_END)
    assert "cpu_avg_pct" in found and "mem_avg_pct" not in found


def test_drift_is_judged_on_what_the_model_reads_of_the_hours(
    connection: psycopg.Connection, frame: pd.DataFrame
) -> None:
    start = START + timedelta(days=7)
    end = start + timedelta(days=7)
    masked = start + timedelta(days=1)
    connection.execute(
        "update features.feat_infra_hourly set is_masked = true where hour = %s", (masked,)
    )
    found = anomaly.inputs(HOURS, connection, PARAMS, start, end, end)
    assert list(found.columns) == ["entity", "time", *PARAMS.metrics]
    expected = pd.date_range(start, end, freq="1h", inclusive="left").drop([masked])
    assert sorted(found["time"].unique()) == list(expected)
    assert len(found) == len(expected) * (len(DEVICES) - 1), "one device comes later"
    host = found[found["entity"] == 1000].set_index("time")
    stored = frame[frame["device_key"] == 1000].set_index("hour")
    grown, in_bytes = stored["disk_used_pct"].diff(), np.log1p(stored["net_in_bytes"])
    # of the first hour too the growth is known
    for hour in (start, start + timedelta(hours=5)):
        assert host.loc[hour, "cpu_avg_pct"] == pytest.approx(stored.loc[hour, "cpu_avg_pct"])
        assert host.loc[hour, "disk_used_pct"] == pytest.approx(grown[hour], rel=1e-4)
        assert host.loc[hour, "net_in_bytes"] == pytest.approx(in_bytes[hour])
    assert found.loc[found["entity"] == 1003, "temp_max_celsius"].isna().all()
    connection.execute("truncate features.feat_infra_hourly")
    nothing = anomaly.inputs(HOURS, connection, PARAMS, start, end, end)
    assert nothing.empty and list(nothing.columns) == list(found.columns)
    (verdict,) = set(judge(found[found["time"] < start], nothing, DriftParams())["verdict"])
    assert verdict == "too_few"


def test_feedback_counts_from_the_moment_it_was_given(
    connection: psycopg.Connection, frame: pd.DataFrame
) -> None:
    """A verdict after the end of training, or after the first hour scored, was not known then."""
    device, hour = int(frame["device_key"].iloc[0]), TRAIN_END - timedelta(days=3)
    later = TRAIN_END + timedelta(seconds=1)

    def masks(confirmed: datetime | None, dismissed: datetime | None) -> list[tuple[bool, bool]]:
        """is_masked and is_incident as a training and a scoring read them."""
        connection.execute(
            "update features.feat_infra_hourly set is_masked = false, is_incident = %s, "
            "confirmed_at = %s, near_confirmed_at = %s, dismissed_at = %s "
            "where device_key = %s and hour = %s",
            (confirmed is None, confirmed, confirmed, dismissed, device, hour),
        )
        sample = features.sample(connection, HOURS, PARAMS, hour, TRAIN_END)
        parts = features.by_entities(connection, HOURS, PARAMS, hour, TRAIN_END)
        found = []
        for read in (sample, pd.concat(parts)):
            row = read[(read["device_key"] == device) & (read["hour"] == hour)].iloc[0]
            found.append((bool(row["is_masked"]), bool(row["is_incident"])))
        return found

    assert masks(confirmed=TRAIN_END, dismissed=None) == [(True, True)] * 2
    assert masks(confirmed=later, dismissed=None) == [(False, False)] * 2
    assert masks(confirmed=None, dismissed=TRAIN_END) == [(False, False)] * 2
    assert masks(confirmed=None, dismissed=later) == [(False, True)] * 2
