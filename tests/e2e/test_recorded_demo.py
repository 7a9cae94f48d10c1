"""The demo on real data against figures computed again from the files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from tests import recorded_truth as truth
from tests.e2e.demos import Home

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def data() -> Path:
    folder = truth.data_folder()
    if not folder.is_dir():
        pytest.skip("the recorded data are not here: set OPSMART_DATA to their folder")
    return folder


@pytest.fixture(scope="module")
def recorded(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    home = Home(tmp_path_factory.mktemp("recorded"))
    printed = home.demo("--data", "recorded")
    assert "NO:" not in printed
    with home.connect() as connection:
        yield connection
    home.clean()


def frame(connection: psycopg.Connection, query: str) -> pd.DataFrame:
    cursor = connection.execute(query)
    return pd.DataFrame(cursor.fetchall(), columns=[c.name for c in cursor.description or ()])


def only(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_dimensions_hold_what_netbox_and_prometheus_know(
    recorded: psycopg.Connection, data: Path
) -> None:
    expected = truth.totals(data)
    sites = "select count(*) from core.dim_site where is_current and site_key > 0"
    assert only(recorded, sites) == expected["sites"] == 24
    devices = "select count(*) from core.dim_device where is_current and device_key > 0 and "
    assert only(recorded, devices + "not is_inferred") == expected["devices"] == 72
    assert only(recorded, devices + "is_inferred") == expected["hosts"] == 250


def test_alerts_keep_their_levels(recorded: psycopg.Connection, data: Path) -> None:
    levels = frame(
        recorded, "select rule_level, count(*) as n from core.fct_security_alerts group by 1"
    )
    assert dict(levels.itertuples(index=False, name=None)) == truth.alerts_per_level(data)
    assert levels["n"].sum() == only(
        recorded, "select sum(alerts) from marts.security_metrics_daily"
    )
    assert levels["n"].sum() == 497


def test_tickets_equal_the_incident_log(recorded: psycopg.Connection, data: Path) -> None:
    expected = truth.tickets(data)
    found = frame(
        recorded,
        "select ticket_ref, created_at, first_closed_at, last_closed_at, sla_state, reopen_count, "
        "priority_code from core.fct_tickets",
    ).set_index("ticket_ref")
    assert len(found) == len(expected) == 23_532
    found = found.loc[expected.index]
    assert (found["sla_state"] == "missed").sum() == 8_779
    assert ((found["sla_state"] == "missed") == ~expected["made_sla"]).all()
    assert (found["reopen_count"] > 0).sum() == 257
    assert ((found["reopen_count"] > 0) == expected["is_reopened"]).all()
    assert found["priority_code"].value_counts().to_dict() == {
        "3": 242,
        "2": 387,
        "1": 22_207,
        "0": 696,
    }
    assert (found["priority_code"] == expected["priority"]).all()
    assert (pd.to_datetime(found["created_at"], utc=True) == expected["created_at"]).all()
    # what was closed before its first logged change has no time of closing in the history
    dated = ~expected["is_logged_closed"]
    for column in ("first_closed_at", "last_closed_at"):
        times = pd.to_datetime(found.loc[dated, column], utc=True)
        assert (times == expected.loc[dated, column]).all()


def test_the_daily_marts_add_up_to_the_log(recorded: psycopg.Connection, data: Path) -> None:
    expected = truth.daily(data)
    daily = frame(
        recorded,
        "select date_day, created::int, backlog::int "
        "from marts.ticket_metrics_daily where level = 'all' order by 1",
    ).set_index("date_day")
    # a day without a ticket to speak of has no row; the backlog ends with the last event
    assert daily.index.max() <= expected.index.max()
    daily = daily.reindex(expected.index, fill_value=0)
    for column in ("created", "backlog"):
        assert (daily[column] == expected[column]).all()
    assert daily["created"].sum() == 23_532


def test_host_hours_equal_the_files(recorded: psycopg.Connection, data: Path) -> None:
    expected = truth.host_hours(data)
    assert only(recorded, "select count(*) from core.fct_infrastructure") == 331_571
    found = frame(
        recorded,
        "select instance, hour, cpu_avg_pct, mem_avg_pct, net_in_bytes::float8, "
        "net_out_bytes::float8, samples::float8 from core.fct_infrastructure",
    )
    found["hour"] = pd.to_datetime(found["hour"], utc=True)
    both = expected.merge(found, on=["instance", "hour"], suffixes=("_file", ""))
    assert len(both) == len(expected) == 331_571
    for column in ("cpu_avg_pct", "mem_avg_pct"):
        # a machine that bursts over its nominal size counts as full
        capped = both[f"{column}_file"].clip(0, 100)
        np.testing.assert_allclose(both[column].astype(float), capped, rtol=1e-9, atol=1e-4)
    for column in ("net_in_bytes", "net_out_bytes", "samples"):
        np.testing.assert_allclose(both[column], both[f"{column}_file"], atol=0.51)


def test_every_host_is_scored_out_of_sample(recorded: psycopg.Connection) -> None:
    champion = frame(
        recorded,
        "select train_end, gate_reason from predictions.model_versions "
        "where champion_from is not null and champion_to is null",
    )
    assert len(champion) == 1
    first, hosts, unexplained = recorded.execute(
        "select min(hour), count(distinct device_key), "
        "count(*) filter (where score is null and not_scored_reason is null) "
        "from predictions.anomaly_scores"
    ).fetchone() or (None, 0, 0)
    assert first is not None and first >= champion["train_end"].iloc[0]
    assert unexplained == 0
    # the newest hour ends the windows, though as_of is years later
    assert only(recorded, "select max(hour) from predictions.anomaly_scores") == only(
        recorded, "select max(hour) from core.fct_infrastructure"
    )
    assert hosts == only(
        recorded,
        "select count(distinct f.device_key) from core.fct_infrastructure as f "
        "where f.hour >= (select min(hour) from predictions.anomaly_scores)",
    )
