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
from tests import ticket_truth
from tests.e2e import ticket_figures
from tests.e2e.demos import Home, frame

pytestmark = pytest.mark.e2e

AS_OF = pd.Timestamp("2020-03-05", tz="UTC")


@pytest.fixture(scope="module")
def data() -> Path:
    return truth.data_folder()


@pytest.fixture(scope="module")
def recorded(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    home = Home(tmp_path_factory.mktemp("recorded"))
    printed = home.demo("--data", "recorded")
    assert "NO:" not in printed
    with home.connect() as connection:
        yield connection
    home.clean()


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


@pytest.fixture(scope="module")
def spans(data: Path) -> pd.DataFrame:
    return ticket_truth.spans(truth.ticket_log(data))


def test_tickets_equal_the_incident_log(
    recorded: psycopg.Connection, data: Path, spans: pd.DataFrame
) -> None:
    expected = truth.tickets(data)
    found = ticket_figures.tickets_equal_their_log(recorded, spans, AS_OF).loc[expected.index]
    assert len(found) == 23_532
    assert (found["reopen_count"] > 0).sum() == expected["is_reopened"].sum() == 257
    assert found["priority_code"].value_counts().to_dict() == {
        "3": 242,
        "2": 387,
        "1": 22_207,
        "0": 696,
    }
    assert (found["priority_code"] == expected["priority"]).all()
    with_agents = ticket_truth.seconds_in(spans, [None, "New", "Active", "-100"])
    ticket_figures.same(found["agent_work_business_seconds"], with_agents[found.index])
    with_callers = ticket_truth.seconds_in(spans, ["Awaiting User Info", "Awaiting Evidence"])
    ticket_figures.same(found["requester_wait_business_seconds"], with_callers[found.index])
    on_hold = ticket_truth.seconds_in(spans, ["Awaiting Vendor", "Awaiting Problem"])
    ticket_figures.same(found["on_hold_business_seconds"], on_hold[found.index])


@pytest.mark.parametrize("name", ["first_resolution", "last_resolution"])
def test_the_mean_and_the_median_time_to_resolve_are_those_of_the_log(
    recorded: psycopg.Connection, spans: pd.DataFrame, name: str
) -> None:
    hours = ticket_truth.lives(spans)[name] / 3600
    found = ticket_figures.mean_and_median_hours(recorded, name)
    # a second in twenty years
    assert found == pytest.approx([hours.mean(), hours.median()], abs=1 / 3600)


def test_every_promise_is_kept_or_broken_as_the_log_says(
    recorded: psycopg.Connection, data: Path, spans: pd.DataFrame
) -> None:
    expected = truth.tickets(data)
    found = frame(recorded, "select * from core.fct_ticket_sla").set_index("ticket_id")
    found.index = pd.Index([f"{number:07}" for number in found.index])
    assert found.index.is_unique
    found = found.loc[expected.index]
    assert found["state"].value_counts().to_dict() == {"met": 14_753, "breached": 8_779}
    assert ((found["state"] == "met") == expected["made_sla"]).all()
    assert (pd.to_datetime(found["finished_at"], utc=True) == expected["last_closed_at"]).all()
    # the clock stands still while the caller, a vendor or another problem has it
    ran = ticket_truth.seconds_in(spans, [None, "New", "Active", "-100"])
    ticket_figures.same(found["elapsed_business_seconds"], ran[found.index])

    kept = expected["made_sla"].groupby(expected["last_closed_at"].dt.date).agg(["sum", "size"])
    daily = frame(
        recorded,
        "select * from marts.ticket_metrics_daily where level = 'all' "
        "and sla_met + sla_breached + sla_overdue > 0 order by date_day",
    ).set_index("date_day")
    assert daily.index.tolist() == kept.index.tolist()
    assert daily["sla_met"].tolist() == kept["sum"].tolist()
    assert daily["sla_breached"].tolist() == (kept["size"] - kept["sum"]).tolist()
    for column in ("sla_compliance_pct", "sla_compliance_excl_maintenance_pct"):
        ticket_figures.same(daily[column], 100 * kept["sum"] / kept["size"], 0.51e-4)


def test_the_daily_marts_add_up_to_the_log(
    recorded: psycopg.Connection, data: Path, spans: pd.DataFrame
) -> None:
    last_at = truth.ticket_log(data)["at"].max()
    daily = ticket_figures.days_equal_the_log(recorded, spans, last_at, AS_OF)
    assert daily["created"].sum() == 23_532
    assert (daily["closed"].sum(), daily["reopened"].sum()) == (23_840, 308)


def test_every_priority_has_its_own_days(
    recorded: psycopg.Connection, data: Path, spans: pd.DataFrame
) -> None:
    expected = truth.tickets(data)
    last_at = truth.ticket_log(data)["at"].max()
    found = frame(
        recorded,
        "select * from marts.ticket_metrics_daily where level = 'customer_priority'",
    )
    for code, tickets in expected.groupby("priority"):
        of_priority = ticket_truth.daily(spans[spans["ticket"].isin(tickets.index)], last_at, AS_OF)
        mart = found[found["priority_code"] == code].set_index("date_day").sort_index()
        of_priority = of_priority.loc[mart.index]
        assert mart["created"].sum() == len(tickets)
        for column in ("created", "solved", "closed", "reopened", "backlog"):
            assert mart[column].tolist() == of_priority[column].tolist(), (code, column)
        ticket_figures.same(
            mart["last_resolution_p50_hours"],
            of_priority["last_resolution_p50"],
            ticket_figures.HOUR_DIGITS,
        )


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
        "where model = 'infrastructure_anomaly' "
        "and champion_from is not null and champion_to is null",
    )
    assert len(champion) == 1
    first, hosts, unexplained = recorded.execute(
        "select min(hour), count(distinct device_key), "
        "count(*) filter (where score is null and not_scored_reason is null) "
        "from predictions.anomaly_scores where model = 'infrastructure_anomaly'"
    ).fetchone() or (None, 0, 0)
    assert first is not None and first >= champion["train_end"].iloc[0]
    assert unexplained == 0
    # the newest hour ends the windows, though as_of is years later
    assert only(
        recorded,
        "select max(hour) from predictions.anomaly_scores where model = 'infrastructure_anomaly'",
    ) == only(recorded, "select max(hour) from core.fct_infrastructure")
    assert hosts == only(
        recorded,
        "select count(distinct f.device_key) from core.fct_infrastructure as f "
        "where f.hour >= (select min(hour) from predictions.anomaly_scores "
        "where model = 'infrastructure_anomaly')",
    )
