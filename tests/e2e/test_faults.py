"""Whatever a source does to a load, the load after it leaves raw as if nothing had happened."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import typer
from dlt.sources.helpers.requests import Client
from typer.testing import CliRunner

from ingest import http
from ingest.__main__ import main
from ingest.odoo import session
from ingest.report import LoadReport
from ingest.sources import SOURCES
from ingest.wazuh import api as wazuh_api
from sandbox.faults import POSSIBLE
from sandbox.faulty_estate import DRIFTING, NEW_FIELD
from sandbox.generated.estate import GeneratedEstate
from tests.e2e.fault_site import Site, State, assert_no_secret, assert_same, opened_site
from tests.ingest.odoo_databases import settings_of
from warehouse import Warehouse

FIRST = datetime(2026, 3, 12, 10, 30, tzinfo=UTC)
# by then the weekly listings are due again
SECOND = FIRST + timedelta(days=8)
# by then the events of the last days have been counted again
THIRD = SECOND + timedelta(days=1, hours=1)
HISTORY = timedelta(days=10)

# Wazuh is read from two services: the server API and the indexer.
OVER_HTTP = {
    "netbox": "netbox",
    "wazuh": "wazuh",
    "indexer": "wazuh",
    "thehive": "thehive",
    "prometheus": "prometheus",
}
# Each of them is over when the same request is sent again.
PASSING = ("server_error", "retry_after", "bad_gateway", "reset", "truncated", "too_many_requests")
LASTING = ("too_many_requests", "server_error", "bad_gateway", "hang", "truncated", "reset")
OF_EVENTS = ("indexer", "prometheus")
# Events that a source withheld while they were read are missed for good here.
NEVER_COUNTED_AGAIN = {
    "wazuh": {"logs"},
}

pytestmark = pytest.mark.e2e

cli = typer.Typer()
cli.command()(main)


@pytest.fixture(scope="module")
def site(warehouse: Warehouse) -> Iterator[Site]:
    estate = GeneratedEstate(1, "tiny", FIRST - HISTORY, FIRST)
    warehouse.ensure_database("odoo_faults")
    odoo_url = warehouse.embedded_url("odoo_faults")
    with opened_site(warehouse, estate, settings_of(odoo_url), odoo_url) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(site: Site) -> dict[str, dict[datetime, State]]:
    """What raw holds after undisturbed loads, by source and moment; the first of them is kept."""
    states: dict[str, dict[datetime, State]] = {source: {} for source in SOURCES}
    for moment in (FIRST, SECOND, THIRD):
        site.set_clock(moment)
        for source, known in states.items():
            site.load(source, moment)
            known[moment] = site.state(source)
            if moment == FIRST:
                site.keep(source)
    return states


@pytest.fixture(autouse=True)
def ready(
    site: Site, undisturbed: dict[str, dict[datetime, State]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Every source as after its first load, its world eight days older, and nobody waits long."""
    impatient = functools.partial(Client, request_backoff_factor=0.01)
    monkeypatch.setattr(http, "Client", impatient)
    monkeypatch.setattr(http, "ATTEMPTS", 3)
    monkeypatch.setattr(http, "JITTER_SECONDS", 0.0)
    monkeypatch.setattr(wazuh_api, "MINUTE", 0.0)
    monkeypatch.setattr(session, "PAUSE_SECONDS", 0.01)
    site.set_clock(SECOND)
    yield
    site.lift()


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("service", OVER_HTTP)
def test_a_load_that_fails_is_mended_by_the_next(
    site: Site,
    undisturbed: dict[str, dict[datetime, State]],
    service: str,
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = OVER_HTTP[service]
    site.begin_again(source)
    # not at once: a part of the load has gone well
    site.switch_on(service, fault, after=5)
    with monkeypatch.context() as patch:
        if fault == "hang":
            patch.setattr(http, "READ_SECONDS", 2.0)
            patch.setattr(http, "ATTEMPTS", 1)
        line = site.refused(source, SECOND)
    assert_no_secret(site, line)
    site.lift()
    site.load(source, SECOND)
    assert_same(site.state(source), undisturbed[source][SECOND])


@pytest.mark.parametrize("service", OVER_HTTP)
def test_faults_that_pass_are_not_noticed(
    site: Site, undisturbed: dict[str, dict[datetime, State]], service: str
) -> None:
    source = OVER_HTTP[service]
    site.begin_again(source)
    for number, fault in enumerate(PASSING):
        site.switch_on(service, fault, count=1, after=1 + number)
    site.load(source, SECOND)
    assert [fault for fault in site.faults() if fault["left"]] == []
    assert_same(site.state(source), undisturbed[source][SECOND])


@pytest.mark.parametrize("fault", ["duplicates", "reordered"])
@pytest.mark.parametrize("service", OVER_HTTP)
def test_rows_that_come_twice_or_in_another_order_change_nothing(
    site: Site, undisturbed: dict[str, dict[datetime, State]], service: str, fault: str
) -> None:
    source = OVER_HTTP[service]
    site.begin_again(source)
    site.switch_on(service, fault)
    site.load(source, SECOND)
    assert_same(site.state(source), undisturbed[source][SECOND])


@pytest.mark.parametrize("fault", ["clock_ahead", "clock_behind"])
@pytest.mark.parametrize("service", OVER_HTTP)
def test_a_clock_that_is_wrong_loses_nothing(
    site: Site, undisturbed: dict[str, dict[datetime, State]], service: str, fault: str
) -> None:
    source = OVER_HTTP[service]
    site.begin_again(source)
    site.switch_on(service, fault)
    site.load(source, SECOND)
    site.lift()
    site.load(source, SECOND)
    assert_same(site.state(source), undisturbed[source][SECOND], is_every_version=False)


@pytest.mark.parametrize("service", ["netbox", "wazuh", "indexer", "thehive", "prometheus"])
def test_a_schema_that_drifts_is_written_down_and_the_load_goes_on(
    site: Site, service: str
) -> None:
    source = OVER_HTTP[service]
    site.begin_again(source)
    site.switch_on(service, "type_changed")
    site.switch_on(service, "field_added")
    reports = site.load(source, SECOND)
    assert sum(report.rejected for report in reports)
    assert not sum(report.deleted for report in reports if report.rejected)
    assert site.schema_changes(source) >= {
        (DRIFTING[service][1], "text", "number"),
        (NEW_FIELD, None, "text"),
    }


def test_a_column_that_is_new_in_odoo_is_written_down(site: Site) -> None:
    site.begin_again("odoo")
    site.switch_on("odoo", "field_added")
    site.load("odoo", SECOND)
    assert ("x_added", None, "text") in site.schema_changes("odoo")


def test_a_column_that_changed_its_type_in_odoo_stops_the_load(site: Site) -> None:
    site.begin_again("odoo")
    site.switch_on("odoo", "type_changed")
    line = site.refused("odoo", SECOND)
    assert "rows of tickets break the contract (priority: expected text" in line


@pytest.mark.parametrize("fault", ["empty", "shrunk"])
@pytest.mark.parametrize("service", POSSIBLE)
def test_rows_a_source_withholds_for_a_while_are_all_there_a_day_later(
    site: Site, undisturbed: dict[str, dict[datetime, State]], service: str, fault: str
) -> None:
    source = OVER_HTTP.get(service, service)
    site.begin_again(source)
    moment = SECOND
    if service in OF_EVENTS:
        # of events no more than the last days are counted again
        site.load(source, SECOND)
        moment += timedelta(hours=1)
        site.set_clock(moment)
    site.switch_on(service, fault)
    assert "would shrink from" in site.refused(source, moment)
    site.lift()
    site.set_clock(THIRD)
    site.load(source, THIRD)
    expected = undisturbed[source][THIRD]
    compared = expected.keys() - NEVER_COUNTED_AGAIN.get(source, set())
    expected = {name: expected[name] for name in compared}
    assert_same(site.state(source), expected, is_every_version=False)


def test_hours_that_were_incomplete_are_whole_a_day_later(
    site: Site, undisturbed: dict[str, dict[datetime, State]]
) -> None:
    site.begin_again("prometheus")
    site.load("prometheus", SECOND)
    moment = SECOND + timedelta(hours=5)
    site.set_clock(moment)
    site.switch_on("prometheus", "late")
    site.load("prometheus", moment)
    site.lift()
    site.set_clock(THIRD)
    reports = site.load("prometheus", THIRD)
    changed = {report.resource for report in reports if report.changed}
    assert changed >= {"host_hourly", "interface_hourly"}
    expected = undisturbed["prometheus"][THIRD]
    assert_same(site.state("prometheus"), expected, is_every_version=False)


def test_odoo_ends_a_session_in_the_midst_of_a_load(
    site: Site, undisturbed: dict[str, dict[datetime, State]]
) -> None:
    site.begin_again("odoo")

    def end_sessions(report: LoadReport) -> None:
        if report.resource == "tickets":
            site.switch_on("odoo", "sessions_ended")

    site.load("odoo", SECOND, end_sessions)
    assert_same(site.state("odoo"), undisturbed["odoo"][SECOND])


@pytest.mark.parametrize("fault", ["logins_refused", "locked"])
def test_odoo_keeps_its_readers_out(
    site: Site,
    undisturbed: dict[str, dict[datetime, State]],
    fault: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site.begin_again("odoo")
    monkeypatch.setattr(session, "LOCK_MILLISECONDS", 200)
    site.switch_on("odoo", fault)
    assert_no_secret(site, site.refused("odoo", SECOND))
    site.lift()
    site.load("odoo", SECOND)
    assert_same(site.state("odoo"), undisturbed["odoo"][SECOND])


def test_one_dead_source_is_one_line_and_the_others_are_loaded(
    site: Site, undisturbed: dict[str, dict[datetime, State]]
) -> None:
    for source in SOURCES:
        site.begin_again(source)
    site.switch_on("netbox", "bad_gateway")
    as_of = SECOND.isoformat()
    result = CliRunner().invoke(cli, ["all", "--as-of", as_of], env=site.settings)
    assert result.exit_code == 1
    (error,) = [line for line in result.output.splitlines() if line.startswith("error: ")]
    assert error.startswith("error: netbox: ")
    assert_no_secret(site, result.output)
    for source in SOURCES.keys() - {"netbox"}:
        assert_same(site.state(source), undisturbed[source][SECOND])
