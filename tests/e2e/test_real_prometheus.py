"""What the product asks of Prometheus, put to a real one: accepted, and answered as worked out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.contract import Resource
from ingest.prometheus import Prometheus
from ingest.prometheus.hourly import HOSTS, INTERFACES, SERVICES, TABLES
from ingest.prometheus.samples import SAMPLES
from ingest.prometheus.targets import TARGETS
from ingest.window import Window, floor
from sandbox.prometheus.expressions import hourly_column
from tests.e2e.prometheus_history import HISTORY, HOURS, NOON, host_hour, port_hour
from tests.e2e.real_prometheus import real_prometheus, wait_until
from tests.e2e.service_history import INTRANET, PORTAL, SERVICE_HISTORY, service_hour
from tests.e2e.written_history import Written
from tests.ingest.prometheus_world import read
from tests.prometheus_exports import exports_in, windows_of
from tests.recorded_truth import data_folder

pytestmark = pytest.mark.e2e

HOUR = timedelta(hours=1)
WRITTEN = [*HISTORY, *SERVICE_HISTORY]
WINDOW = Window(NOON, NOON + HOURS * HOUR)
SCRAPES_ITSELF = (
    "global: {scrape_interval: 1s}\n"
    "scrape_configs: [{job_name: node, static_configs: [{targets: ['{address}']}]}]\n"
)


def source_of(url: str, **settings: str) -> Prometheus:
    named = {f"OPSMART_PROMETHEUS_{name}": value for name, value in settings.items()}
    return Prometheus({"OPSMART_PROMETHEUS_URL": url} | named)


def test_it_accepts_every_query_and_ours_reads_its_hours(tmp_path: Path) -> None:
    with real_prometheus(tmp_path, SCRAPES_ITSELF) as url:
        source = source_of(url, SCRAPE_SECONDS="1")
        wait_until(lambda: source.api.number("up", source.clock()) is not None)
        now = source.clock()
        assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)
        # a window that ends after now: the hour under way has samples already
        end = (now + HOUR).replace(minute=0, second=0, microsecond=0)
        window = Window(end - 3 * HOUR, end)
        rows = read(source, HOSTS.resource, window)
        assert rows
        for row in rows:
            assert row["instance"] == url.removeprefix("http://")
            assert row["samples"] > 0
        assert source.count(HOSTS.resource, window) == len(rows)
        for table in (INTERFACES, SERVICES):
            assert read(source, table.resource, window) == []
            assert source.count(table.resource, window) == 0
        (target,) = read(source, TARGETS, window)
        assert (target["health"], target["labels"]["job"]) == ("up", "node")
        assert source.unavailable(TARGETS) is None
        findings = {finding.subject: finding for finding in source.diagnose()}
        assert findings["version"].is_ok
        assert findings["samples"].is_ok
        assert findings["targets"].text == "scraped: node 1"
        source.close()


def test_the_sandbox_knows_the_same_expressions() -> None:
    for table in TABLES.values():
        thing = table.resource.name.removesuffix("_hourly")
        assert [hourly_column(text) for text in table.expressions.values()] == [
            (thing, column) for column in table.expressions
        ]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """The source over a Prometheus that holds `WRITTEN`."""
    with real_prometheus(tmp_path_factory.mktemp("prometheus"), history=WRITTEN) as url:
        source = source_of(url, SELECTORS=";".join({series.name for series in WRITTEN}))
        yield source
        source.close()


def test_every_sample_written_is_read_once_and_unharmed(history: Prometheus) -> None:
    edges = [NOON, NOON + timedelta(seconds=13), NOON + 2 * HOUR, WINDOW.end]
    windows = [Window(start, end) for start, end in pairwise(edges)]
    rows = [row for window in windows for row in read(history, SAMPLES, window)]
    found = Counter(
        (row["metric"], row["labels"], row["at"], float(row.get("value", "nan")).hex())
        for row in rows
    )
    expected = Counter(
        (
            series.name,
            json.dumps(dict(sorted(series.labels.items())), separators=(",", ":")),
            datetime.fromtimestamp(at / 1000, UTC),
            float(text).hex(),
        )
        for series in WRITTEN
        for at, text in zip(series.at, series.texts, strict=True)
    )
    assert found == expected
    assert sum(row["quality"] == "nan" for row in rows) == sum(
        text == "NaN" for series in WRITTEN for text in series.texts
    )
    assert sum(history.count(SAMPLES, window) or 0 for window in windows) == len(rows)


@pytest.mark.parametrize("resource", [*(table.resource for table in TABLES.values()), SAMPLES])
def test_what_an_hour_holds_is_what_its_rows_say(history: Prometheus, resource: Resource) -> None:
    held: Counter[datetime] = Counter()
    for row in read(history, resource, WINDOW):
        hour = floor(row[resource.changed_at[0]], HOUR)
        held[hour] += row[resource.recount_by] if resource.recount_by else 1
    assert len(held) == HOURS
    assert history.hourly_counts(resource, WINDOW) == held


def test_hours_of_hosts_are_what_the_samples_make(history: Prometheus) -> None:
    rows = read(history, HOSTS.resource, WINDOW)
    assert len(rows) == history.count(HOSTS.resource, WINDOW) == 2 * HOURS
    for row in rows:
        expected = host_hour(row["instance"], (row["hour"] + HOUR).timestamp())
        found = {name: float(row[name]) for name in expected}
        assert found == pytest.approx(expected, rel=1e-9), (row["instance"], row["hour"])


def test_hours_of_interfaces_are_what_the_samples_make(history: Prometheus) -> None:
    rows = read(history, INTERFACES.resource, WINDOW)
    assert [(row["instance"], row["interface"]) for row in rows] == [("sw-01", "ge-0/0/0")] * HOURS
    for row in rows:
        expected = port_hour((row["hour"] + HOUR).timestamp())
        found = {name: float(row[name]) for name in expected}
        assert found == pytest.approx(expected, rel=1e-9), row["hour"]
        assert ("in_util_max_pct" in row) == ("in_util_max_pct" in expected)
        assert (row["admin_status"], row["expected_samples"]) == (1, 60)
    assert [row["counter_resets"] for row in rows] == [1, 0, 0, 1, 0]
    assert [row["speed_bps"] for row in rows] == [10**9, 10**9, 10**9, 0, 0]


def test_hours_of_services_are_what_the_samples_make(history: Prometheus) -> None:
    rows = read(history, SERVICES.resource, WINDOW)
    named = [(row["service"], row["hour"]) for row in rows]
    hours = [NOON + n * HOUR for n in range(HOURS)]
    assert named == [(service, hour) for service in (INTRANET, PORTAL) for hour in hours]
    assert history.count(SERVICES.resource, WINDOW) == len(rows)
    for row in rows:
        expected = service_hour(row["service"], (row["hour"] + HOUR).timestamp())
        found = {name: float(row[name]) for name in SERVICES.expressions if name in row}
        assert found == pytest.approx(expected, rel=1e-9), (row["service"], row["hour"])


def test_abutting_exports_lose_and_double_nothing(tmp_path: Path) -> None:
    exports = exports_in(data_folder())
    pieces = [
        Written(
            one["metric"]["__name__"],
            {name: value for name, value in one["metric"].items() if name != "__name__"},
            [round(1000 * at) for at, _ in one["values"]],
            [value for _, value in one["values"]],
        )
        for export in exports
        for one in export.series
    ]
    with real_prometheus(tmp_path, history=pieces) as url:
        source = source_of(url, SELECTORS=pieces[0].name)
        for export, window in zip(exports, windows_of(exports), strict=True):
            rows = read(source, SAMPLES, window)
            assert Counter((row["labels"], row["at"], row["value"]) for row in rows) == (
                export.samples
            )
            assert source.count(SAMPLES, window) == export.samples.total()
        source.close()
