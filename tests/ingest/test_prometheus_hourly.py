from __future__ import annotations

from collections import deque
from datetime import timedelta

import pytest

from ingest import http
from ingest.encoded import Typed
from ingest.errors import SourceError
from ingest.pipeline import load
from ingest.prometheus import hourly as prometheus_hourly
from ingest.prometheus.hourly import HOSTS, INTERFACES
from ingest.window import Window
from sandbox.estate import Row
from sandbox.prometheus.api import CANCELED, STARTING, TIMEOUT, Behaviour
from tests.ingest.prometheus_world import LATER, hourly, opened, read, three_hours
from tests.worlds import NOON, World
from warehouse import Warehouse

HOUR = timedelta(hours=1)


PORT = {"instance": "sw-01", "interface": "ge-0/0/0"}


def host(name: str, hour: int, samples: int, **cells: str) -> Row:
    measured = {"hour": NOON + hour * HOUR, "samples": samples, "expected_samples": 60}
    return {"instance": f"{name}:9100"} | measured | cells


THREE_HOURS = [
    host("db-01", 0, 60),
    host("db-01", 2, 60),
    host("web-01", 0, 60, cpu_avg_pct="12.5"),
    host("web-01", 1, 60, cpu_avg_pct="0.1"),
    host("web-01", 2, 58, cpu_avg_pct="100"),
]


def test_an_hour_is_a_row_and_what_is_no_number_is_not_a_measurement() -> None:
    world, window = three_hours()
    with opened(world) as source:
        assert read(source, HOSTS.resource, window) == THREE_HOURS
        assert source.count(HOSTS.resource, window) == 5
        assert source.hourly_counts(HOSTS.resource, window) == {
            NOON: 120,
            NOON + HOUR: 60,
            NOON + 2 * HOUR: 118,
        }


def test_interfaces_are_told_by_device_and_name() -> None:
    world = World(
        clock=LATER,
        interface_metrics={
            "samples": [hourly("sw-01", {0: 60}, "ge-0/0/0"), hourly("sw-01", {0: 7}, "ge-0/0/1")],
            "in_octets": [hourly("sw-01", {0: 4.5e11}, "ge-0/0/0")],
            "speed_bps": [hourly("sw-01", {0: 1e10}, "ge-0/0/0")],
        },
    )
    with opened(world, SCRAPE_SECONDS="30") as source:
        window = Window(NOON, NOON + HOUR)
        assert read(source, INTERFACES.resource, window) == [
            PORT
            | {"hour": NOON, "in_octets": "450000000000", "speed_bps": 10_000_000_000}
            | {"samples": 60, "expected_samples": 120},
            PORT | {"interface": "ge-0/0/1", "hour": NOON, "samples": 7, "expected_samples": 120},
        ]
        assert source.count(INTERFACES.resource, window) == 2


def test_services_are_told_by_host_and_port(raw: Warehouse) -> None:
    portal, intranet = "web-01.example:443", "app-01.example:8000"
    world = World(
        clock=LATER,
        service_metrics={
            # nobody probes the intranet: its samples are scrapes
            "samples": [hourly(portal, {0: 60, 1: 60}), hourly(intranet, {1: 58})],
            "success_ratio": [hourly(portal, {0: 1.0, 1: 0.0})],
            "status_code_max": [hourly(portal, {0: 200, 1: 0})],
            "requests": [hourly(intranet, {1: 1200.5})],
            "errors": [hourly(intranet, {1: 0.0})],
            "request_p95_seconds": [hourly(intranet, {1: 0.25})],
        },
    )
    with opened(world, HISTORY_START="2026-03-01T12:00") as source:
        reports = {report.resource: report for report in load(source, raw, LATER)}
    report = reports["service_hourly"]
    assert (report.written, report.source_count, report.rejected) == (3, 3, 0)
    columns = "service, hour, success_ratio, status_code_max, requests, errors, samples"
    with raw.connect() as connection:
        rows = connection.execute(
            f"select {columns} from raw_prometheus.service_hourly order by service, hour"
        ).fetchall()
    later = NOON + HOUR
    assert rows == [
        (intranet, later, None, None, 1200.5, 0.0, 58),
        (portal, NOON, 1.0, 200, None, None, 60),
        (portal, later, 0.0, 0, None, None, 60),
    ]


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(most_samples=3),
        Behaviour(next_refusals=deque([TIMEOUT])),
        Behaviour(next_refusals=deque([CANCELED])),
    ],
    ids=["too many samples", "too slow", "canceled"],
)
def test_what_is_too_much_at_once_is_asked_for_in_halves(behaviour: Behaviour) -> None:
    world, window = three_hours()
    with opened(world, behaviour) as source:
        pages = list(source.read(HOSTS.resource, window))
        rows = [row for page in pages if isinstance(page, Typed) for row in page.rows]
        assert [(row[0], row[1]) for row in sorted(rows)] == [
            (row["instance"], row["hour"]) for row in THREE_HOURS
        ]


def test_an_hour_that_is_too_much_ends_the_load() -> None:
    world, window = three_hours()
    with (
        opened(world, Behaviour(most_samples=1)) as source,
        pytest.raises(SourceError, match=r"not even one hour.*--query\.max-samples"),
    ):
        list(source.read(HOSTS.resource, window))


def test_a_server_that_starts_is_not_asked_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "ATTEMPTS", 1)
    world, window = three_hours()
    with (
        opened(world, Behaviour(next_refusals=deque([STARTING]))) as source,
        pytest.raises(SourceError, match="answered 503"),
    ):
        list(source.read(HOSTS.resource, window))


def test_an_answer_with_warnings_is_not_believed() -> None:
    world, window = three_hours()
    behaviour = Behaviour(warnings=["results truncated due to limit"])
    with (
        opened(world, behaviour) as source,
        pytest.raises(SourceError, match=r"may be incomplete \(results truncated"),
    ):
        list(source.read(HOSTS.resource, window))
    # what Prometheus 2.48 says of every counter not named so
    behaviour.warnings = ['PromQL info: metric might not be a counter: "ifHCInOctets" (1:6)']
    with opened(world, behaviour) as source:
        assert len(read(source, HOSTS.resource, window)) == 5


def test_a_long_window_is_cut_by_how_much_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_hourly, "MOST_ROWS", 20)
    start = NOON - timedelta(hours=36)
    everything = dict.fromkeys(range(-36, 0), 60.0)
    names = [f"web-{n}:9100" for n in range(3)]
    world = World(clock=LATER, metrics={"samples": [hourly(name, everything) for name in names]})
    with opened(world) as source:
        window = Window(start, NOON, is_backfill=True)
        parts = list(source.slices(HOSTS.resource, window))
        assert {part.end - (part.start or NOON) for part in parts} == {6 * HOUR}
        assert [part.start for part in parts] == [start + n * 6 * HOUR for n in range(6)]
        assert all(part.is_backfill for part in parts)
        counted = [source.count(HOSTS.resource, part) for part in parts]
        assert counted == [18] * 6
        assert len(read(source, HOSTS.resource, window)) == 108
