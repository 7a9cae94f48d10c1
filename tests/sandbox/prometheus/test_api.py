from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from sandbox.prometheus.api import CANCELED, STARTING, TIMEOUT, Behaviour, prometheus_app
from sandbox.prometheus.expressions import (
    EXPRESSIONS,
    INTERFACE_EXPRESSIONS,
    SERVICE_EXPRESSIONS,
)
from sandbox.prometheus.queries import Query, Samples, Selector, parsed
from sandbox.prometheus.text import formatted, numbers
from tests.sandbox.conftest import CLOCK
from tests.sandbox.serving import served

HOUR = 3600
LAST_HOUR = int(CLOCK.timestamp()) // HOUR * HOUR
CONTRACT = {
    "cpu_p95_pct": """quantile_over_time(0.95, (100 * (1 - avg by (instance) (sum without (mode)
        (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m])))))[1h:5m])""",
    "mem_max_pct": """max_over_time((100 * (1 - avg by (instance)
        (node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)))[1h:5m])""",
    "disk_used_pct": """max_over_time((100 * max by (instance) (
        1 - node_filesystem_avail_bytes{fstype!~"tmpfs|ramfs"}
        / node_filesystem_size_bytes{fstype!~"tmpfs|ramfs"}))[1h:5m])""",
    "net_out_bytes": """sum by (instance)
        (increase(node_network_transmit_bytes_total{device!~"lo|veth.+|bond.+"}[1h]))""",
    "power_avg_watts": """avg_over_time(
        (sum by (instance) (node_hwmon_power_average_watt))[1h:5m])""",
    "samples": 'sum by (instance) (count_over_time(up{job="node"}[1h]))',
}


def ask(base_url: str, endpoint: str, **form: Any) -> requests.Response:
    return requests.post(f"{base_url}/prometheus/api/v1/{endpoint}", form, timeout=10)


@pytest.mark.parametrize("column", EXPRESSIONS)
def test_every_expression_answers_with_the_estates_values(
    base_url: str, tiny: GeneratedEstate, column: str
) -> None:
    start = LAST_HOUR - 30 * HOUR
    query = CONTRACT.get(column, EXPRESSIONS[column])
    answer = ask(base_url, "query_range", query=query, start=start, end=LAST_HOUR, step="1h").json()
    assert (answer["status"], answer["data"]["resultType"]) == ("success", "matrix")
    found = {
        series["metric"]["instance"]: [(at, float(value)) for at, value in series["values"]]
        for series in answer["data"]["result"]
    }
    expected = {
        series.instance: list(
            zip(series.evaluated_at.tolist(), series.values.tolist(), strict=True)
        )
        for series in tiny.host_metric(column, start, LAST_HOUR)
        if len(series.values)
    }
    assert found == expected
    assert list(found) == sorted(found)
    times = [at for values in found.values() for at, _ in values]
    assert (min(times), max(times)) == (start, LAST_HOUR)


def test_an_unknown_query_is_bad_data(base_url: str) -> None:
    for endpoint in ("query", "query_range"):
        answer = ask(base_url, endpoint, query="up", start=0, end=HOUR, step=HOUR)
        assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


@pytest.mark.parametrize(
    ("steps", "status"), [(11_000, 200), (11_000 + 3599 / 3600, 200), (11_001, 400)]
)
def test_at_most_11000_steps_counted_by_integer_division(
    base_url: str, steps: float, status: int
) -> None:
    query = EXPRESSIONS["samples"]
    answer = ask(base_url, "query_range", query=query, start=0, end=steps * HOUR, step=HOUR)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["error"].startswith("exceeded maximum resolution of 11,000 points")
    else:
        assert answer.json()["data"]["result"] == []


def test_an_end_before_the_start_and_a_step_of_nothing_are_refused(base_url: str) -> None:
    query = EXPRESSIONS["samples"]
    for form in ({"start": HOUR, "end": 0, "step": HOUR}, {"start": 0, "end": HOUR, "step": 0}):
        answer = ask(base_url, "query_range", query=query, **form)
        assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_the_sources_own_count_is_that_of_the_hours_with_samples(
    base_url: str, tiny: GeneratedEstate
) -> None:
    query = f"sum(count_over_time(({EXPRESSIONS['samples']})[48h:1h]))"
    answer = ask(base_url, "query", query=query, time=LAST_HOUR).json()["data"]["result"]
    series = tiny.host_metric("samples", LAST_HOUR - 47 * HOUR, LAST_HOUR)
    expected = sum(len(host.values) for host in series)
    assert answer == [{"metric": {}, "value": [LAST_HOUR, str(expected)]}]
    summed = f"sum({EXPRESSIONS['samples']})"
    by_hour = ask(base_url, "query_range", query=summed, start=LAST_HOUR, end=LAST_HOUR, step=HOUR)
    (held,) = by_hour.json()["data"]["result"]
    samples = sum(
        int(host.values.sum()) for host in tiny.host_metric("samples", LAST_HOUR, LAST_HOUR)
    )
    assert held == {"metric": {}, "values": [[LAST_HOUR, str(samples)]]}
    before_history = ask(base_url, "query", query=query, time=HOUR).json()
    assert before_history == {"status": "success", "data": {"resultType": "vector", "result": []}}


@pytest.mark.parametrize("column", INTERFACE_EXPRESSIONS)
def test_interfaces_answer_with_the_estates_values(
    base_url: str, tiny: GeneratedEstate, column: str
) -> None:
    start = LAST_HOUR - 30 * HOUR
    form = {"query": INTERFACE_EXPRESSIONS[column], "start": start, "end": LAST_HOUR, "step": HOUR}
    answer = ask(base_url, "query_range", **form).json()["data"]["result"]
    found = {
        (series["metric"]["instance"], series["metric"]["ifName"]): series["values"]
        for series in answer
    }
    expected = {
        (series.instance, series.interface): [
            [at, formatted(value)]
            for at, value in zip(series.evaluated_at.tolist(), series.values.tolist(), strict=True)
        ]
        for series in tiny.interface_metric(column, start, LAST_HOUR)
    }
    assert found == expected
    # two ports of each of the three network devices with a network of their own
    assert len(found) == 6


@pytest.mark.parametrize("column", SERVICE_EXPRESSIONS)
def test_services_answer_with_the_estates_values(
    base_url: str, tiny: GeneratedEstate, column: str
) -> None:
    start = LAST_HOUR - 30 * HOUR
    form = {"query": SERVICE_EXPRESSIONS[column], "start": start, "end": LAST_HOUR, "step": HOUR}
    answer = ask(base_url, "query_range", **form).json()["data"]["result"]
    expected = {
        series.instance: [
            [at, formatted(value)]
            for at, value in zip(series.evaluated_at.tolist(), series.values.tolist(), strict=True)
        ]
        for series in tiny.service_metric(column, start, LAST_HOUR)
    }
    assert {series["metric"]["service"]: series["values"] for series in answer} == expected
    assert len(expected) >= len(tiny.inventory.customers)


def test_ranges_are_left_open_since_version_3(tiny: GeneratedEstate) -> None:
    # the first host is scraped on the minute
    host = f"{tiny.inventory.hosts[0].scraped_as}:9100"
    for version, first in (("3.5.0", 60), ("2.53.1", 0)):
        with served(prometheus_app(tiny, Behaviour(version))) as url:
            form = {"query": f'up{{instance="{host}"}}[2m]', "time": LAST_HOUR}
            answer = requests.post(f"{url}/api/v1/query", form, timeout=10).json()
            times = [at - LAST_HOUR + 120 for at, _ in answer["data"]["result"][0]["values"]]
            assert times == list(range(first, 121, 60))
            points = {"query": "count_over_time(vector(1)[1m:1m])", "time": LAST_HOUR}
            answer = requests.post(f"{url}/api/v1/query", points, timeout=10).json()
            assert answer["data"]["result"][0]["value"][1] == str(len(times) - 1)
            build = requests.get(f"{url}/api/v1/status/buildinfo", timeout=10).json()
            assert build["data"]["version"] == version


def test_a_limit_leaves_series_out_with_a_warning(base_url: str) -> None:
    answer = ask(base_url, "query", query="up[5m]", time=LAST_HOUR, limit=2).json()
    assert len(answer["data"]["result"]) == 2
    assert answer["warnings"] == ["results truncated due to limit"]


def test_refusals_are_prometheuss_own(tiny: GeneratedEstate) -> None:
    refused = {STARTING: 503, TIMEOUT: 503, CANCELED: 499}
    behaviour = Behaviour(most_samples=10, next_refusals=deque(refused))
    with served(prometheus_app(tiny, behaviour)) as url:
        form = {"query": "up[5m]", "time": LAST_HOUR}
        for refusal, status in refused.items():
            answer = requests.post(f"{url}/api/v1/query", form, timeout=10)
            assert answer.status_code == status
            if refusal is STARTING:
                assert (answer.text, answer.headers["X-Prometheus-Stopping"]) == (
                    "Service Unavailable",
                    "false",
                )
        answer = requests.post(f"{url}/api/v1/query", form, timeout=10)
        assert (answer.status_code, answer.json()["errorType"]) == (422, "execution")


def test_targets_are_what_up_is_sampled_of(base_url: str, tiny: GeneratedEstate) -> None:
    answer = requests.get(f"{base_url}/prometheus/api/v1/targets?state=active", timeout=10).json()
    targets = answer["data"]["activeTargets"]
    labels = [tuple(sorted(target["labels"].items())) for target in targets]
    millis = LAST_HOUR * 1000
    sampled = [
        tuple(sorted(series.labels.items() - {("__name__", "up")}))
        for series in tiny.samples("up", millis - 60_000, millis)
    ]
    assert sorted(labels) == sorted(sampled)
    by_job = ask(base_url, "query", query="count by (job) (up)", time=LAST_HOUR).json()
    assert [series["metric"] for series in by_job["data"]["result"]] == [
        {"job": "blackbox"},
        {"job": "http"},
        {"job": "node"},
        {"job": "snmp"},
    ]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up[90m]", Samples(Selector("up"), 5_400_000)),
        (
            'sum(count_over_time(ALERTS{a="x y", b!~"1|2",c=~".*\\"}"}[1h30m1ms]))',
            Samples(
                Selector("ALERTS", (("a", "=", "x y"), ("b", "!~", "1|2"), ("c", "=~", '.*"}'))),
                5_400_001,
                is_counted=True,
            ),
        ),
        ("rate(up[5m])", None),
        ("up{job}[5m]", None),
        ("up{} offset 5m", None),
    ],
)
def test_what_is_asked_for_is_known_or_refused(expression: str, expected: Query | None) -> None:
    assert parsed(expression) == expected


def test_numbers_are_written_as_prometheus_writes_them() -> None:
    written = {
        54.0: "54", 0.1: "0.1", 1e21: "1e+21", 1e-7: "1e-07", 1e-6: "0.000001", 0.0: "0",
        123456789012345680000.0: "123456789012345680000", math.inf: "+Inf", -math.inf: "-Inf",
    }  # fmt: skip
    assert {value: formatted(value) for value in written} == written
    assert formatted(math.nan) == "NaN"
    assert numbers(np.array(list(written))) == list(written.values())
    plain = {
        54.0: "54",
        0.25: "0.25",
        -3.0: "-3",
        100.05: "100.05",
        0.0001: "0.0001",
        1e14: "1" + 14 * "0",
    }
    assert numbers(np.array(list(plain))) == list(plain.values())
