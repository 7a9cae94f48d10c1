"""Exact samples as Prometheus scraped or evaluated them: ``up`` of every target, and ``ALERTS``.

Every target is scraped once a minute at an offset of its own; the first host's lies on the minute,
so that some samples fall on the edges of whatever is asked for. What an hour of ``up`` counts is
what the hourly table says.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np

from sandbox.estate import RawSeries
from sandbox.generated.faults import Fault, Faults
from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.prometheus.host_metrics import HostMetrics
from sandbox.generated.prometheus.services import (
    Service,
    probe_labels,
    probes_of_day,
    request_labels,
)
from sandbox.generated.randomness import Integers, generator
from sandbox.generated.timeline import EPOCH, EPOCH_DAY, millis

SCRAPE_MILLIS = 60_000
HOUR_MILLIS = 3_600_000
# When in each minute the rules are evaluated.
RULES_MILLIS = 7_500
PENDING_MILLIS = 300_000
SMALLEST_ALERTED_FAULT = 6.0
RULE_OF_FAULT = {
    "cpu_runaway": ("HostHighCpuLoad", "warning"),
    "memory_leak": ("HostOutOfMemory", "warning"),
    "disk_fill": ("HostOutOfDiskSpace", "critical"),
    "network_flood": ("HostUnusualNetworkThroughputIn", "warning"),
    "fan_failure": ("HostTemperatureHigh", "critical"),
}


class Scrapes:
    """The samples of an estate's targets and alerting rules."""

    def __init__(
        self,
        inventory: Inventory,
        faults: Faults,
        metrics: HostMetrics,
        services: list[Service],
    ) -> None:
        self.inventory = inventory
        self.faults = faults
        self.metrics = metrics
        hosts = list(enumerate(inventory.hosts))
        self.targets = [(row, node_labels(host)) for row, host in hosts]
        self.targets += [(row, snmp_labels(host)) for row, host in hosts if not host.is_server]
        self.targets += [(service.row, request_labels(service)) for service in services]
        # a probe is scraped of the prober, which answers whatever becomes of the host
        self.targets += [(len(hosts), probe_labels(service)) for service in services]
        random = generator(inventory.seed, "scrape offset")
        self.offsets = random.integers(1, SCRAPE_MILLIS, len(self.targets), endpoint=True)
        self.offsets[0] = SCRAPE_MILLIS

    def up(self, start: int, end: int) -> Iterator[RawSeries]:
        """``up`` of every target with start <= at <= end (epoch milliseconds)."""
        # the last scrape of an hour may fall on its end
        hours = range((start - 1) // HOUR_MILLIS, end // HOUR_MILLIS + 1)
        minutes = np.arange(60)
        begins = np.array(hours, dtype=np.int64)[:, None] * HOUR_MILLIS + minutes * SCRAPE_MILLIS
        scraped = np.stack([self._scrapes(hour) for hour in hours], axis=1)
        downs = self._downs(start, end)
        for (row, labels), offset in zip(self.targets, self.offsets.tolist(), strict=True):
            at = (begins + offset)[minutes < scraped[row][:, None]]
            at = at[(at >= start) & (at <= end)]
            is_down = np.zeros(len(at), dtype=np.bool_)
            for begin, until, every in downs.get(row, ()):
                is_down |= (at >= begin) & (at < until) & (at // SCRAPE_MILLIS % every == 0)
            yield RawSeries({"__name__": "up"} | labels, at, np.where(is_down, 0.0, 1.0))

    def alerts(self, start: int, end: int) -> Iterator[RawSeries]:
        """``ALERTS`` that were pending or firing, with start <= at <= end."""
        for rule, severity, host, begin, until in self._conditions(start, end):
            firing = min(begin + PENDING_MILLIS, until)
            for state, since, till in (("pending", begin, firing), ("firing", firing, until)):
                first = max(start, since) - RULES_MILLIS
                first = -(-first // SCRAPE_MILLIS) * SCRAPE_MILLIS + RULES_MILLIS
                at = np.arange(first, min(end + 1, till), SCRAPE_MILLIS, dtype=np.int64)
                labels = {
                    "__name__": "ALERTS",
                    "alertname": rule,
                    "alertstate": state,
                    "severity": severity,
                    **node_labels(host),
                }
                yield RawSeries(labels, at, np.ones(len(at)))

    def _scrapes(self, hour: int) -> Integers:
        """How many scrapes there were in an epoch hour of each host, and last of the prober."""
        day, of_day = EPOCH_DAY + hour // 24, hour % 24
        samples = np.nan_to_num(self.metrics.samples(day)[:, of_day]).astype(np.int64)
        return np.append(samples, probes_of_day(self.inventory.seed, day)[of_day])

    def _downs(self, start: int, end: int) -> dict[int, list[tuple[int, int, int]]]:
        """(from, to, every n-th scrape) by host in which its targets answered nothing."""
        row_of = {host.index: row for row, host in enumerate(self.inventory.hosts)}
        until = EPOCH + timedelta(milliseconds=end)
        since = EPOCH + timedelta(milliseconds=start)
        downs: dict[int, list[tuple[int, int, int]]] = {}
        for index, begin, back in self.inventory.offline_spans(until):
            if back > since:
                downs.setdefault(row_of[index], []).append((millis(begin), millis(back), 1))
        for fault in self.faults.active_in(since, until):
            if fault.kind.name == "traffic_drop" and fault.size > 3:
                span = (millis(fault.begin), millis(fault.end), 4)
                downs.setdefault(row_of[fault.device.index], []).append(span)
        return downs

    def _conditions(self, start: int, end: int) -> Iterator[tuple[str, str, Device, int, int]]:
        """(rule, severity, host, from, to) of what the rules found in the window."""
        since = EPOCH + timedelta(milliseconds=start)
        until = EPOCH + timedelta(milliseconds=end)
        for index, begin, back in self.inventory.offline_spans(until):
            if back > since:
                host = self.inventory.devices[index]
                yield "InstanceDown", "critical", host, millis(begin), millis(back)
        for fault in self.faults.active_in(since, until):
            if fault.size >= SMALLEST_ALERTED_FAULT and fault.kind.name in RULE_OF_FAULT:
                yield (*rule_of(fault), fault.device, millis(fault.begin), millis(fault.end))


def rule_of(fault: Fault) -> tuple[str, str]:
    """The alerting rule that notices a fault, and its severity."""
    return RULE_OF_FAULT[fault.kind.name]


def node_labels(host: Device) -> dict[str, str]:
    return {"instance": f"{host.scraped_as}:9100", "job": "node"}


def snmp_labels(host: Device) -> dict[str, str]:
    return {"instance": str(host.host), "job": "snmp"}
