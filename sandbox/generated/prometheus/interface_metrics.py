"""Hourly metrics of the monitored interfaces of network devices, one UTC day at a time.

A device's traffic is shared among its interfaces, so that what a fault does to a device shows on
them too; errors, discards and flaps are an interface's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from sandbox.estate import Series
from sandbox.generated.faults import Faults
from sandbox.generated.interfaces import monitored_interfaces
from sandbox.generated.inventory import Inventory
from sandbox.generated.prometheus.host_metrics import DEVICE_DAYS_HELD, HostMetrics, hourly_series
from sandbox.generated.randomness import Floats, generator, rounded
from sandbox.generated.timeline import EPOCH_DAY

MOST_UTILISATION = 0.98
BAD_CABLES = 0.03
# What a switch port drops once an hour's peak passes this share of its speed.
CONGESTED_PCT = 85.0
NOISES = ("in", "out", "p95", "max", "errors", "flaps")


class InterfaceMetrics:
    """Hourly interface metrics of an estate; columns are named as in the warehouse's."""

    def __init__(self, inventory: Inventory, faults: Faults, metrics: HostMetrics) -> None:
        self.seed = inventory.seed
        self.faults = faults
        self.metrics = metrics
        ports = [
            (row, interface)
            for row, host in enumerate(inventory.hosts)
            for interface in monitored_interfaces(host, inventory.size.monitored_interfaces)
        ]
        self.names = [(str(inventory.hosts[row].host), interface.name) for row, interface in ports]
        self.device = np.array([row for row, _ in ports], dtype=np.int64)
        self.device_index = np.array([h.index for h in inventory.hosts])[self.device]
        self.is_first = np.array([interface.number == 1 for _, interface in ports], dtype=np.bool_)
        self.speed: Floats = np.array([float(i.speed_bits) for _, i in ports], dtype=np.float64)
        random = generator(self.seed, "interfaces")
        weight = random.uniform(0.3, 1.0, len(ports))
        total = np.bincount(self.device, weight, len(inventory.hosts))
        self.share: Floats = weight / total[self.device]
        self.has_bad_cable = random.random(len(ports)) < BAD_CABLES
        self.day = lru_cache(maxsize=max(3, min(400, DEVICE_DAYS_HELD // max(len(ports), 1))))(
            self._day
        )

    def series(self, column: str, start: int, end: int) -> Iterator[Series]:
        """Values of one column with start <= evaluated_at <= end (epoch seconds), port by port."""
        if column == "samples":
            found = hourly_series(self.samples, start, end)
        else:
            found = hourly_series(lambda day: self.day(day)[column], start, end)
        for (instance, interface), (ends, values) in zip(self.names, found, strict=True):
            yield Series(instance, ends, values, interface)

    def _day(self, day: int) -> dict[str, Floats]:
        """Every column as (n, 24) float64; NaN where the interface was not measured."""
        n = len(self.names)
        of_device = self.metrics.day(day)
        drawn = generator(self.seed, "interface day", day).standard_normal((len(NOISES), n, 24))
        white = dict(zip(NOISES, drawn, strict=True))
        columns: dict[str, Floats] = {}
        for way in ("in", "out"):
            columns |= self._traffic(way, of_device[f"net_{way}_bytes"][self.device], white)
        up_ratio, changes = self._link(day, white["flaps"])
        columns |= {
            "counter_resets": np.where(of_device["uptime_seconds"][self.device] < 3600, 1.0, 0.0),
            "oper_up_ratio": up_ratio,
            "oper_changes": changes,
            "admin_status": np.ones((n, 24), dtype=np.float64),
            "speed_bps": np.repeat(self.speed[:, None], 24, axis=1),
        }
        is_measured = self.metrics.presence(day).is_measured[self.device]
        measured = {
            name: rounded(np.where(is_measured, values, np.nan), 4)
            for name, values in columns.items()
        }
        return measured | {"samples": self.samples(day)}

    def samples(self, day: int) -> Floats:
        """Scrapes of each interface and hour of a day, (n, 24); NaN where it was not measured."""
        is_measured = self.metrics.presence(day).is_measured
        return np.where(is_measured, self.metrics.samples(day), np.nan)[self.device]

    def _traffic(self, way: str, of_device: Floats, white: dict[str, Floats]) -> dict[str, Floats]:
        """Octets and rates of one direction; `of_device` is the device's bytes in each hour."""
        speed = self.speed[:, None]
        octets = of_device * self.share[:, None] * np.exp(0.08 * white[way])
        octets = rounded(np.minimum(octets, MOST_UTILISATION * speed * 450.0), 0)
        mean = octets * 8.0 / 3600.0
        p95 = np.minimum(mean * (1.15 + 0.2 * np.abs(white["p95"])), 0.99 * speed)
        top = np.minimum(p95 * (1.05 + 0.2 * np.abs(white["max"])), 0.999 * speed)
        peak = 100.0 * top / speed
        few = np.where(np.abs(white["errors"]) > 2.8, np.floor(10 * np.abs(white["errors"])), 0.0)
        many = np.where(self.has_bad_cable[:, None], np.floor(60 + 20 * white["errors"]), 0.0)
        return {
            f"{way}_octets": octets,
            f"{way}_bps_p95": rounded(p95, 0),
            f"{way}_bps_max": rounded(top, 0),
            f"{way}_util_avg_pct": 100.0 * mean / speed,
            f"{way}_util_max_pct": peak,
            f"{way}_errors": np.maximum(few + many, 0.0) if way == "in" else few,
            f"{way}_discards": np.floor(np.maximum(peak - CONGESTED_PCT, 0.0) * 900.0),
        }

    def _link(self, day: int, white: Floats) -> tuple[Floats, Floats]:
        """Share of each hour the link was up, and how often it changed.

        A large drop of traffic comes with a first port that flaps.
        """
        is_flapping = np.abs(white) > 3.1
        up_ratio = np.where(is_flapping, np.clip(1.05 - 0.03 * np.abs(white), 0.0, 0.99), 1.0)
        changes = np.where(is_flapping, 2.0, 0.0)
        first = (day - EPOCH_DAY) * 24
        for fault in self.faults.active_in_hours(first, 24):
            if fault.kind.name == "traffic_drop" and fault.size > 3:
                ports = self.is_first & (self.device_index == fault.device.index)
                share = fault.share_of_hours(first, 24)
                up_ratio[ports] -= 0.25 * share
                changes[ports] += 2.0 * np.floor(15.0 * share)
        return np.clip(up_ratio, 0.0, 1.0), changes
