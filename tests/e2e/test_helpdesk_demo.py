"""The demo on a real helpdesk's log, and no other source, against figures from the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from tests import recorded_truth as truth
from tests import ticket_truth
from tests.e2e import ticket_figures
from tests.e2e.demos import Home, frame

pytestmark = pytest.mark.e2e

AS_OF = pd.Timestamp("2012-11-07", tz="UTC")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    truth.data_folder()
    home = Home(tmp_path_factory.mktemp("helpdesk"))
    yield home
    home.clean()


@pytest.fixture(scope="module")
def printed(home: Home) -> str:
    return home.demo("--data", "helpdesk")


@pytest.fixture(scope="module")
def helpdesk(home: Home, printed: str) -> Iterator[psycopg.Connection]:
    with home.connect() as connection:
        yield connection


@pytest.fixture(scope="module")
def log() -> pd.DataFrame:
    return truth.helpdesk_log(Path(truth.data_folder()))


@pytest.fixture(scope="module")
def spans(log: pd.DataFrame) -> pd.DataFrame:
    return ticket_truth.spans(log)


def test_the_summary_says_what_came_and_what_did_not(printed: str) -> None:
    rows = {
        line.split()[1]: line.split("│")
        for line in printed.splitlines()
        if line.startswith("│") and line.rstrip(" │").endswith("yes")
    }
    cells = {source: [cell.strip() for cell in row[2:]] for source, row in rows.items()}
    assert cells["odoo"][:7] == [
        *(cells["odoo"][0], cells["odoo"][0], "0"),
        *("tickets", "3,804", "3,804", "fct_tickets"),
    ]
    for source in ("netbox", "wazuh", "thehive", "prometheus"):
        counts = [cells[source][place] for place in (0, 1, 2, 4, 5)]
        assert counts == ["0"] * 5, source
    assert "NO:" not in printed
    for entity in ("device", "interface", "agent"):
        assert f"no hour of any {entity} is scored" in printed


def test_every_ticket_lived_as_its_case(helpdesk: psycopg.Connection, spans: pd.DataFrame) -> None:
    found = ticket_figures.tickets_equal_their_log(helpdesk, spans, AS_OF)
    assert len(found) == 3_804
    assert found["is_closed"].all()
    assert (found["reopen_count"] > 0).sum() == 130
    # the log knows no priority and promises nothing, and a stage of a number is an agent's
    assert set(found["priority"]) == {"unknown"}
    assert set(found["sla_state"]) == {"none"}
    work = ticket_truth.seconds_in(
        spans, [f"Activity {number}" for number in range(1, 10) if number != 6]
    )
    ticket_figures.same(found["agent_work_business_seconds"], work[found.index])


@pytest.mark.parametrize("name", ["first_resolution", "last_resolution"])
def test_the_mean_and_the_median_time_to_resolve_are_those_of_the_log(
    helpdesk: psycopg.Connection, spans: pd.DataFrame, name: str
) -> None:
    hours = ticket_truth.lives(spans)[name] / 3600
    found = ticket_figures.mean_and_median_hours(helpdesk, name)
    assert found == pytest.approx([hours.mean(), hours.median()], abs=1 / 3600)


def test_the_days_add_up_to_the_log(
    helpdesk: psycopg.Connection, spans: pd.DataFrame, log: pd.DataFrame
) -> None:
    daily = ticket_figures.days_equal_the_log(helpdesk, spans, log["at"].max(), AS_OF)
    assert daily["created"].sum() == 3_804
    assert daily["closed"].sum() - daily["reopened"].sum() == 3_804
    assert daily["backlog"].max() == 66
    # the last month's solutions have not had their 30 days
    assert 0 < daily["cohort"].sum() < daily["solved"].sum()


def test_what_nobody_recorded_is_empty_and_not_nought(helpdesk: psycopg.Connection) -> None:
    for relation in (
        "core.fct_infrastructure",
        "core.fct_security_alerts",
        "core.fct_ticket_sla",
        "marts.security_metrics_daily",
        "marts.infrastructure_summary_daily",
        "predictions.anomaly_scores",
        "predictions.model_versions",
    ):
        assert frame(helpdesk, f"select * from {relation}").empty, relation
    devices = frame(helpdesk, "select * from core.dim_device where device_key > 0")
    assert devices.empty
    promised = frame(
        helpdesk,
        "select first_response_p50_hours, sla_compliance_pct, csat_pct "
        "from marts.ticket_metrics_daily",
    )
    assert promised.isna().all(axis=None)
