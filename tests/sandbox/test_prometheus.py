from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import requests

from sandbox.generated.estate import GeneratedEstate
from sandbox.prometheus import formatted, samples
from sandbox.promql import EXPRESSIONS, PAIRS_WITH_SAMPLES
from tests.sandbox.conftest import CLOCK

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
    query = PAIRS_WITH_SAMPLES.replace("@", "48")
    answer = ask(base_url, "query", query=query, time=LAST_HOUR).json()["data"]["result"]
    series = tiny.host_metric("samples", LAST_HOUR - 47 * HOUR, LAST_HOUR)
    expected = sum(len(host.values) for host in series)
    assert answer == [{"metric": {}, "value": [LAST_HOUR, str(expected)]}]
    before_history = ask(base_url, "query", query=query, time=HOUR).json()
    assert before_history == {"status": "success", "data": {"resultType": "vector", "result": []}}


def test_instances_are_the_names_of_active_devices(tiny: GeneratedEstate) -> None:
    names = {
        f"{address['dns_name']}:9100"
        for address in tiny.netbox("ipam/ip-addresses") or []
        if address["dns_name"]
    }
    hosts = {s.instance: s for s in tiny.host_metric("cpu_avg_pct", LAST_HOUR, LAST_HOUR)}
    assert set(hosts) == names
    by_name = {row["name"]: row for row in tiny.netbox("dcim/devices") or []}
    disks = {s.instance: s for s in tiny.host_metric("disk_used_pct", 0, LAST_HOUR)}
    heat = {s.instance: s for s in tiny.host_metric("temp_max_celsius", 0, LAST_HOUR)}
    for instance in hosts:
        device = by_name.get(instance.split(".")[0])
        if device is None:
            continue
        is_server = device["platform"] is not None
        is_virtual = device["device_type"]["manufacturer"]["slug"] in ("qemu", "vmware-inc")
        assert (len(disks[instance].values) > 0) == is_server
        assert (len(heat[instance].values) > 0) != is_virtual


def test_numbers_are_written_as_prometheus_writes_them() -> None:
    written = {
        54.0: "54", 0.1: "0.1", 1e21: "1e+21", 1e-7: "1e-07", 1e-6: "0.000001", 0.0: "0",
        123456789012345680000.0: "123456789012345680000", math.inf: "+Inf", -math.inf: "-Inf",
    }  # fmt: skip
    assert {value: formatted(value) for value in written} == written
    assert formatted(math.nan) == "NaN"
    times = np.arange(len(written))
    expected = ",".join(f'[{n},"{text}"]' for n, text in enumerate(written.values()))
    assert samples(times, np.array(list(written))) == expected
    assert samples(np.arange(2), np.array([54.0, 0.25])) == '[0,"54"],[1,"0.25"]'
