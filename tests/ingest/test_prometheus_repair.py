"""Hours that were incomplete when they were read: every version is kept, the last is whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import requests

from ingest.pipeline import load
from ingest.prometheus import Prometheus
from ingest.report import LoadReport
from tests.ingest.prometheus_world import hourly, sampled
from tests.sandbox.serving import served_estate
from tests.worlds import NOON, World, settings_at
from warehouse import Warehouse

HOUR = timedelta(hours=1)
HOURS = range(-10, 60)
# every third of the hours that are read while a remote write is late
LATE = [NOON - HOUR, NOON + 2 * HOUR]
HISTORY = {
    "OPSMART_PROMETHEUS_HISTORY_START": (NOON - 10 * HOUR).isoformat(),
    "OPSMART_PROMETHEUS_SAMPLES_START": (NOON - 10 * HOUR).isoformat(),
}


def measured(instance: str, interface: str = "") -> dict[str, Any]:
    return {
        "samples": hourly(instance, dict.fromkeys(HOURS, 60.0), interface),
        "value": hourly(instance, {hour: 0.1 + hour for hour in HOURS}, interface),
    }


@pytest.fixture
def world() -> World:
    hosts, port = [measured("web-01:9100"), measured("db-01:9100")], measured("sw-01", "eth0")
    minutes = range(60 * HOURS.start, 60 * HOURS.stop)
    return World(
        metrics={
            "samples": [host["samples"] for host in hosts],
            "cpu_avg_pct": [host["value"] for host in hosts],
        },
        interface_metrics={"samples": [port["samples"]], "in_octets": [port["value"]]},
        raw_samples=[sampled([(60_000 * n, 1) for n in minutes], job="node")],
    )


@pytest.fixture
def base(world: World) -> Iterator[str]:
    with served_estate(world) as url:
        yield url


def loaded(base: str, world: World, warehouse: Warehouse, hours: int) -> dict[str, LoadReport]:
    """A load so many hours after noon."""
    world.clock = NOON + hours * HOUR
    with closing(Prometheus(settings_at(base) | HISTORY)) as source:
        return {report.resource: report for report in load(source, warehouse, world.clock)}


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


VERSIONS = (
    "select hour, instance, array_agg(samples order by _known_at), "
    "array_agg(cpu_avg_pct order by _known_at) "
    "from raw_prometheus.host_hourly group by hour, instance order by hour, instance"
)


def test_what_a_late_remote_write_left_out_is_read_again(
    raw: Warehouse, world: World, base: str
) -> None:
    loaded(base, world, raw, 0)
    late = {"source": "prometheus", "fault": "late"}
    requests.post(f"{base}/control/faults", json=late, timeout=10).raise_for_status()
    loaded(base, world, raw, 6)
    before = rows(raw, VERSIONS)
    assert [hour for hour, _, samples, _ in before if samples == [30]] == sorted(LATE * 2)
    requests.delete(f"{base}/control/faults", timeout=10).raise_for_status()

    reports = loaded(base, world, raw, 30)
    expected = {
        (NOON + n * HOUR, host): ([60], [0.1 + n])
        for n in range(HOURS.start, 29)
        for host in ("web-01:9100", "db-01:9100")
    }
    halves = {(hour, host): values for hour, host, _, values in before if hour in LATE}
    for hour, host in halves:
        n = (hour - NOON) // HOUR
        expected[hour, host] = ([30, 60], [*halves[hour, host], 0.1 + n])
    assert {(hour, host): found for hour, host, *found in rows(raw, VERSIONS)} == {
        key: [*values] for key, values in expected.items()
    }
    assert reports["interface_hourly"].changed == len(LATE)
    # exact samples are events: those that came late are new
    held = "select count(*), min(at), max(at) from raw_prometheus.samples"
    start, last = NOON - 10 * HOUR, NOON + 30 * HOUR - timedelta(minutes=3)
    assert rows(raw, held) == [((last - start) // timedelta(minutes=1) + 1, start, last)]
    # the last load that is compared tells of every hour alike
    differing = "select * from ops.reconciliation where source_count <> raw_count and checked_at > "
    newest = "(select max(started_at) from ops.loads)"
    assert rows(raw, differing + newest) == []

    again = loaded(base, world, raw, 56)
    assert not any(report.changed for report in again.values())
