from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ingest import http
from ingest.errors import SourceError
from ingest.pipeline import load, replay
from ingest.prometheus import Prometheus
from ingest.prometheus.hourly import HOSTS, INTERFACES
from ingest.prometheus.samples import SAMPLES
from ingest.window import Window
from sandbox.estate import Row
from sandbox.prometheus.api import Behaviour
from tests.ingest.prometheus_world import LATER, hourly, opened, read, sampled, three_hours
from tests.worlds import NOON, World
from warehouse import Warehouse

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def test_a_first_load_begins_where_the_settings_say() -> None:
    world = World(
        clock=LATER,
        metrics={"samples": [hourly("web-01:9100", dict.fromkeys(range(-48, 0), 60.0))]},
        raw_samples=[sampled([(-4000, 1), (-500, 1)], job="node")],
    )
    starts = {
        "HISTORY_START": "2026-02-28T12:30:00+02:00",
        "SAMPLES_START": "2026-03-01T11:59:58",
    }
    with opened(world, **starts) as source:
        hours = [row["hour"] for row in read(source, HOSTS.resource, Window(None, NOON))]
        assert (min(hours), len(hours)) == (datetime(2026, 2, 28, 10, tzinfo=UTC), 26)
        at = [row["at"] for row in read(source, SAMPLES, Window(None, NOON))]
        assert at == [NOON - timedelta(milliseconds=500)]


def target(instance: str, health: str = "up", error: str = "") -> Row:
    url = f"http://{instance}/metrics"
    return {
        "labels": {"instance": instance, "job": "node"},
        "scrapePool": "node",
        "scrapeUrl": url,
        "globalUrl": url,
        "lastError": error,
        "lastScrape": "2026-03-01T11:59:30.123456789Z",
        "lastScrapeDuration": 0.01,
        "health": health,
        "scrapeInterval": "1m",
    }


def loaded(source: Prometheus, raw: Warehouse, as_of: datetime) -> dict[str, tuple[int, int]]:
    """Rows written and rows the source counted, by resource, of a load that reconciles."""
    reports = load(source, raw, as_of)
    return {report.resource: (report.written, report.source_count or 0) for report in reports}


def test_loads_reconcile_and_repeat_nothing(raw: Warehouse) -> None:
    world, _ = three_hours()
    world.raw_samples = [sampled([(0, 1), (60_000, math.nan)], job="node", instance="web-01:9100")]
    world.scraped = [target("web-01:9100"), target("db-01:9100")]
    starts = {"HISTORY_START": "2026-02-27", "SAMPLES_START": "2026-03-01T11:00"}
    with opened(world, **starts) as source:
        assert loaded(source, raw, LATER) == {
            "host_hourly": (5, 5),
            "interface_hourly": (0, 0),
            "service_hourly": (0, 0),
            "samples": (2, 2),
            "targets": (2, 2),
        }
    # one whose error names a port that changes, one no longer scraped
    world.scraped = [target("web-01:9100", error="read tcp 10.0.0.1:40123: reset")]
    world.clock = LATER + timedelta(minutes=1)
    with opened(world, **starts) as source:
        assert loaded(source, raw, world.clock) == {
            "host_hourly": (0, 2),
            "interface_hourly": (0, 0),
            "service_hourly": (0, 0),
            "samples": (0, 0),
            "targets": (1, 1),
        }
    with raw.connect() as connection:
        samples = connection.execute(
            "select at, metric, labels, value, quality from raw_prometheus.samples order by at"
        ).fetchall()
        deleted = connection.execute(
            "select instance from raw_prometheus.targets where _deleted_at is not null"
        ).fetchall()
    labels = {"instance": "web-01:9100", "job": "node"}
    assert samples == [
        (NOON, "up", labels, 1.0, "ok"),
        (NOON + timedelta(minutes=1), "up", labels, None, "nan"),
    ]
    assert deleted == [("db-01:9100",)]


def test_a_quarantined_hour_is_replayed_once_the_contract_takes_it(
    raw: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = hourly("sw-01", {0: 60}, "ge-0/0/0")
    world = World(
        clock=LATER,
        interface_metrics={
            "samples": [named, hourly("sw-02", {0: 60})],
            "in_octets": [hourly("sw-02", {0: 0.125})],
        },
    )
    with opened(world, HISTORY_START="2026-02-27") as source:
        assert loaded(source, raw, LATER)["interface_hourly"] == (1, 2)
    with raw.connect() as connection:
        payloads = "select payload from quarantine.rejected_rows"
        ((payload,),) = connection.execute(payloads).fetchall()
        assert (payload["interface"], payload["in_octets"]) == (None, 0.125)

    mended = replace(
        INTERFACES.resource,
        columns=tuple(
            replace(column, otherwise="instance") if column.name == "interface" else column
            for column in INTERFACES.resource.columns
        ),
    )
    monkeypatch.setattr(Prometheus, "resources", (mended,))
    (report,) = replay(Prometheus, raw, LATER)
    assert (report.received, report.new, report.rejected) == (1, 1, 0)
    with raw.connect() as connection:
        replayed = connection.execute(
            "select hour, interface, in_octets, samples from raw_prometheus.interface_hourly "
            "where instance = 'sw-02'"
        ).fetchall()
        assert replayed == [(NOON, "sw-02", 0.125, 60)]
        statuses = "select status from quarantine.rejected_rows"
        assert connection.execute(statuses).fetchall() == [("replayed",)]


def findings(source: Prometheus) -> dict[str, tuple[bool, str]]:
    return {found.subject: (found.is_ok, found.text) for found in source.diagnose()}


def test_diagnose_tells_what_a_load_would_find() -> None:
    world, _ = three_hours()
    day = 86_400_000
    jobs = {"node": 3, "snmp": 2}
    # yesterday every target was scraped, now only one of job node
    yesterday = [
        sampled([(3 * 3_600_000 + 3_590_000 - day, 1)], job=job, instance=f"{job}-{n}")
        for job, count in jobs.items()
        for n in range(count)
    ]
    now = sampled([(3 * 3_600_000 + 3_590_000, 1)], job="node", instance="node-0")
    world.raw_samples = [*yesterday, now]
    world.clock = NOON + 4 * HOUR
    world.metrics["samples"].append(hourly("app-01:9100", {3: 60}))
    with opened(world, Behaviour(version="4.0.0")) as source:
        found = findings(source)
    assert found["host_hourly"] == (True, "1 measured in the last whole hour")
    assert found["interface_hourly"][0] is False
    assert found["samples"] == (True, "1 in the last hour of up; ALERTS")
    assert found["version"][0] is False
    assert found["targets"][0] is False
    assert "node 3 -> 1, snmp 2 -> 0" in found["targets"][1]


def test_diagnose_blames_the_address_nobody_listens_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    source = Prometheus({"OPSMART_PROMETHEUS_URL": "http://127.0.0.1:1"})
    assert [(found.subject, found.is_ok) for found in source.diagnose()] == [("address", False)]
    source.close()


@pytest.mark.parametrize("text", ["0", "ten", "3601", "-5"])
def test_a_scrape_interval_is_whole_seconds(text: str) -> None:
    settings = {
        "OPSMART_PROMETHEUS_URL": "http://prometheus.example",
        "OPSMART_PROMETHEUS_SCRAPE_SECONDS": text,
    }
    with pytest.raises(SourceError, match="OPSMART_PROMETHEUS_SCRAPE_SECONDS"):
        Prometheus(settings)


def test_slow_scrapes_keep_the_clock_back() -> None:
    for seconds, late in (("60", 0), ("300", 480)):
        with opened(World(clock=NOON), SCRAPE_SECONDS=seconds) as source:
            assert source.clock() == NOON - late * SECOND
