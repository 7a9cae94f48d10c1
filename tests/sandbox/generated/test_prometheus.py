"""What the generated estate's Prometheus holds agrees with itself and with the estate."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
import pytest

from sandbox.estate import RawSeries
from sandbox.generated.estate import GeneratedEstate
from sandbox.prometheus.expressions import INTERFACE_EXPRESSIONS, SERVICE_EXPRESSIONS
from tests.sandbox.conftest import CLOCK, HISTORY_START
from tests.sandbox.prometheus.test_api import HOUR, LAST_HOUR, ask


def test_instances_are_names_or_addresses_of_devices(tiny: GeneratedEstate) -> None:
    by_name: dict[str, Any] = {}
    for device in tiny.netbox("dcim/devices") or []:
        if address := device["primary_ip4"]:
            by_name[f"{address['dns_name']}:9100"] = device
            by_name[f"{address['address'].split('/')[0]}:9100"] = device
    hosts = {s.instance: s for s in tiny.host_metric("cpu_avg_pct", LAST_HOUR, LAST_HOUR)}
    assert len({by_name[instance]["id"] for instance in hosts}) == len(by_name) // 2 == len(hosts)
    assert any(instance[0].isdigit() for instance in hosts)
    disks = {s.instance: s for s in tiny.host_metric("disk_used_pct", 0, LAST_HOUR)}
    heat = {s.instance: s for s in tiny.host_metric("temp_max_celsius", 0, LAST_HOUR)}
    for instance in hosts:
        device = by_name[instance]
        is_server = device["platform"] is not None
        is_virtual = device["device_type"]["manufacturer"]["slug"] in ("qemu", "vmware-inc")
        assert (len(disks[instance].values) > 0) == is_server
        assert (len(heat[instance].values) > 0) != is_virtual


def test_interfaces_share_what_their_device_carries(tiny: GeneratedEstate) -> None:
    window = (LAST_HOUR - 500 * HOUR, LAST_HOUR)
    octets = {
        (series.instance, series.interface): series.values
        for series in tiny.interface_metric("in_octets", *window)
    }
    devices = {
        series.instance.removesuffix(":9100"): series.values
        for series in tiny.host_metric("net_in_bytes", *window)
    }
    for device, of_ports in groupby(sorted(octets), key=lambda port: port[0]):
        carried = sum((octets[port] for port in of_ports), np.zeros(1))
        assert 0.9 < np.median(carried / devices[device]) < 1.1
    utilisation = [s.values.max() for s in tiny.interface_metric("in_util_max_pct", *window)]
    assert 0 < max(utilisation) <= 100


def test_an_interface_has_samples_in_the_hours_it_was_measured(tiny: GeneratedEstate) -> None:
    window = (0, LAST_HOUR)
    measured = list(tiny.interface_metric("in_octets", *window))
    sampled = list(tiny.interface_metric("samples", *window))
    assert any(len(series.values) < len(sampled[0].values) for series in sampled), "a gap to miss"
    for octets, samples in zip(measured, sampled, strict=True):
        assert (octets.instance, octets.interface) == (samples.instance, samples.interface)
        assert octets.evaluated_at.tolist() == samples.evaluated_at.tolist()


def values_of(estate: GeneratedEstate, column: str, start: int = 0) -> dict[str, dict[int, float]]:
    """A service metric by service and end of hour."""
    return {
        series.instance: dict(
            zip(series.evaluated_at.tolist(), series.values.tolist(), strict=True)
        )
        for series in estate.service_metric(column, start, LAST_HOUR)
    }


def test_services_agree_with_themselves_and_run_on_their_customers_hosts(
    tiny: GeneratedEstate,
) -> None:
    services = tiny.services.services
    owners = {service.host.site.customer for service in services}
    assert owners == set(tiny.inventory.customers)
    found = {column: values_of(tiny, column) for column in SERVICE_EXPRESSIONS}
    for service in services:
        of = {column: found[column][service.name] for column in SERVICE_EXPRESSIONS}
        assert sum(map(len, (of["requests"], of["probe_avg_seconds"]))) > len(of["samples"])
        assert of["requests"].keys() | of["success_ratio"].keys() <= of["samples"].keys()
        assert all(0 <= ratio <= 1 for ratio in of["success_ratio"].values())
        assert all(of["errors"][at] <= asked for at, asked in of["requests"].items())
        for at, mean in of["request_avg_seconds"].items():
            assert 0 < mean <= of["request_p95_seconds"][at] <= of["request_p99_seconds"][at] <= 10


@pytest.fixture(scope="module")
def small() -> GeneratedEstate:
    return GeneratedEstate(1, "small", HISTORY_START, CLOCK)


def test_a_fault_of_a_host_slows_its_services_and_makes_them_err(small: GeneratedEstate) -> None:
    seconds, ratios = values_of(small, "request_p95_seconds"), values_of(small, "success_ratio")
    errors, requests = values_of(small, "errors"), values_of(small, "requests")
    struck = [
        (service.name, fault)
        for service in small.services.services
        for fault in small.faults.begun_in(HISTORY_START, CLOCK)
        if fault.kind.name in ("cpu_runaway", "thermal_throttle", "network_flood")
        and fault.size >= 4
        and fault.device.index == service.host.index
    ]
    assert len(struck) >= 5
    lowest = 1.0
    for name, fault in struck:
        since, until = fault.begin.timestamp(), fault.end.timestamp()
        inside = [at for at in seconds[name] if since <= at - HOUR and at <= until]
        usual = np.median(list(seconds[name].values()))
        assert np.median([seconds[name][at] for at in inside]) > 1.3 * usual
        share = {at: errors[name][at] / max(asked, 1) for at, asked in requests[name].items()}
        assert np.mean([share[at] for at in inside]) > 4 * np.median(list(share.values()))
        lowest = min(lowest, *(ratios[name].get(at, 1.0) for at in inside))
    assert 0.5 < lowest < 1


def test_a_host_that_is_off_fails_every_probe_of_its_services(small: GeneratedEstate) -> None:
    ratios, status, requests = (
        values_of(small, column) for column in ("success_ratio", "status_code_max", "requests")
    )
    hours = [
        (service.name, at)
        for service in small.services.services
        for index, begin, back in small.inventory.offline_spans(CLOCK)
        if index == service.host.index
        for at in ratios[service.name]
        if begin.timestamp() <= at - HOUR and at <= back.timestamp()
    ]
    assert hours
    for name, at in hours:
        assert (ratios[name][at], status[name][at]) == (0, 0)
        assert at not in requests[name]


def test_an_hour_of_samples_is_what_the_hourly_table_counts(
    base_url: str, tiny: GeneratedEstate
) -> None:
    for back in range(200):
        end = LAST_HOUR - back * HOUR
        query = 'sum(count_over_time(up{job="node"}[1h]))'
        answer = ask(base_url, "query", query=query, time=end).json()["data"]["result"]
        hosts = list(tiny.host_metric("samples", end, end))
        assert float(answer[0]["value"][1]) == sum(host.values.sum() for host in hosts)
    query = 'up{job="node", instance=~"fra1-.*"}[30m]'
    answer = ask(base_url, "query", query=query, time=LAST_HOUR).json()["data"]
    assert answer["resultType"] == "matrix"
    for series in answer["result"]:
        assert series["metric"]["instance"].startswith("fra1-")
        assert {value for _, value in series["values"]} <= {"0", "1"}
        times = [at for at, _ in series["values"]]
        assert LAST_HOUR - 1800 < min(times) <= max(times) <= LAST_HOUR


def test_a_host_that_is_off_does_not_answer_and_is_alerted_on(
    base_url: str, tiny: GeneratedEstate
) -> None:
    index, begin, end = tiny.inventory.offline_spans(CLOCK)[0]
    instance = f"{tiny.inventory.devices[index].scraped_as}:9100"
    length = int((end - begin).total_seconds()) - 1
    for query in ("up", "ALERTS"):
        selected = f'{query}{{instance="{instance}"}}[{length}s]'
        answer = ask(base_url, "query", query=selected, time=end.timestamp() - 1)
        series = answer.json()["data"]["result"]
        values = {value for one in series for _, value in one["values"]}
        assert values == ({"0"} if query == "up" else {"1"})
        if query == "ALERTS":
            down = [s for s in series if s["metric"]["alertname"] == "InstanceDown"]
            assert {s["metric"]["alertstate"] for s in down} == {"pending", "firing"}


def samples_until(estate: GeneratedEstate, metric: str, end: datetime) -> list[RawSeries]:
    until = int(end.timestamp() * 1000)
    return [s for s in estate.samples(metric, until - 20 * 3_600_000, until) if len(s.values)]


@pytest.mark.parametrize("hours", [0.5, 30, 1500])
def test_a_later_clock_shows_the_same_past(tiny: GeneratedEstate, hours: float) -> None:
    earlier = HISTORY_START + timedelta(hours=hours)
    before = GeneratedEstate(1, "tiny", HISTORY_START, earlier)
    for column in INTERFACE_EXPRESSIONS:
        for old, new in zip(
            before.interface_metric(column, 0, 2**40),
            tiny.interface_metric(column, 0, int(earlier.timestamp())),
            strict=False,
        ):
            np.testing.assert_array_equal(old.evaluated_at, new.evaluated_at)
            np.testing.assert_array_equal(old.values, new.values)
    for column in SERVICE_EXPRESSIONS:
        for old, new in zip(
            before.service_metric(column, 0, 2**40),
            tiny.service_metric(column, 0, int(earlier.timestamp())),
            strict=False,
        ):
            np.testing.assert_array_equal(old.evaluated_at, new.evaluated_at)
            np.testing.assert_array_equal(old.values, new.values)
    for metric in ("up", "ALERTS"):
        then = samples_until(before, metric, earlier + timedelta(hours=1))
        now = samples_until(tiny, metric, earlier)
        begin = earlier.timestamp() * 1000 - 19 * 3_600_000
        # what began before the shorter of the two windows is cut at different places
        then_alike = [(s.labels, s.at_millis[s.at_millis >= begin].tolist()) for s in then]
        now_alike = [(s.labels, s.at_millis[s.at_millis >= begin].tolist()) for s in now]
        assert [one for one in then_alike if one[1]] == [one for one in now_alike if one[1]]
        assert all(s.at_millis[-1] <= earlier.timestamp() * 1000 for s in then)
