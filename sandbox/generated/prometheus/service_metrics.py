"""Hourly metrics of the monitored services, one UTC day at a time.

A service is as busy as the traffic of its host and as slow as its processor is loaded; a fault of
the host makes it slower still and some of its answers errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from sandbox.estate import Series
from sandbox.generated.faults import Faults
from sandbox.generated.inventory import Inventory
from sandbox.generated.prometheus.host_metrics import DEVICE_DAYS_HELD, HostMetrics, hourly_series
from sandbox.generated.prometheus.services import probes_of_day, services_of
from sandbox.generated.randomness import Floats, generator, rounded
from sandbox.generated.timeline import EPOCH_DAY

# How much a fault of size one strains what runs on the host.
STRAIN = {
    "cpu_runaway": 1.0,
    "thermal_throttle": 0.9,
    "memory_leak": 0.8,
    "traffic_drop": 0.8,
    "network_flood": 0.7,
    "disk_fill": 0.6,
    "data_exfiltration": 0.3,
}
USUAL_ERRORS = 0.0005
# When the prober gives up, and the largest bound of the services' own histograms.
TIMEOUT_SECONDS, SLOWEST_SECONDS = 9.5, 10.0
# What of a host tells how its services do.
HOST_COLUMNS = ("cpu_avg_pct", "net_in_bytes", "up_ratio")
NOISES = ("seconds", "p95", "p99", "probe", "errors", "requests")


class ServiceMetrics:
    """Hourly service metrics of an estate; columns are named as in the warehouse's."""

    def __init__(self, inventory: Inventory, faults: Faults, metrics: HostMetrics) -> None:
        self.seed = inventory.seed
        self.faults = faults
        self.metrics = metrics
        self.services = services_of(inventory)
        kinds = [service.kind for service in self.services]
        self.host = np.array([service.row for service in self.services], dtype=np.int64)
        self.device_index = np.array([service.host.index for service in self.services])
        self.idle: Floats = np.array([kind.seconds for kind in kinds], dtype=np.float64)[:, None]
        self.bytes: Floats = np.array([kind.bytes for kind in kinds], dtype=np.float64)[:, None]
        held = DEVICE_DAYS_HELD // max(len(self.services), 1)
        self.day = lru_cache(maxsize=max(3, min(400, held)))(self._day)

    def series(self, column: str, start: int, end: int) -> Iterator[Series]:
        """Values of one column with start <= evaluated_at <= end (epoch seconds), by service."""
        of_day = self.samples if column == "samples" else lambda day: self.day(day)[column]
        found = hourly_series(of_day, start, end)
        for service, (ends, values) in zip(self.services, found, strict=True):
            yield Series(service.name, ends, values)

    def _day(self, day: int) -> dict[str, Floats]:
        """Every column as (n, 24) float64; NaN where nothing of the service was measured."""
        shape = (len(NOISES), len(self.services), 24)
        drawn = generator(self.seed, "service day", day).standard_normal(shape)
        white = dict(zip(NOISES, drawn, strict=True))
        host_day = self.metrics.day(day)
        of_host = {name: host_day[name][self.host] for name in HOST_COLUMNS}
        strain = self._strain(day)
        load = np.nan_to_num(of_host["cpu_avg_pct"]) / 100.0
        slowed = np.exp(0.15 * strain + 0.07 * white["seconds"])
        seconds = self.idle * (1.0 + 1.5 * load**2) * slowed
        broken = np.expm1(0.3 * strain) * 0.004 + USUAL_ERRORS * np.exp(0.6 * white["errors"])
        error_share: Floats = np.clip(broken, 0.0, 0.6)
        columns = self._requests(of_host["net_in_bytes"], seconds, error_share, white)
        # a gap in what is known of the host is none of the service
        up = np.nan_to_num(of_host["up_ratio"], nan=1.0)
        probes = np.broadcast_to(probes_of_day(self.seed, day).astype(np.float64), up.shape)
        columns |= self._probes(probes, up, seconds, error_share, white["probe"])
        return {name: rounded(values, 6) for name, values in columns.items()}

    def samples(self, day: int) -> Floats:
        """Probes in each hour, and scrapes where there were none; (n, 24), NaN where neither."""
        probes = probes_of_day(self.seed, day)
        return np.where(probes > 0, probes, self.metrics.samples(day)[self.host])

    def _requests(
        self, received: Floats, seconds: Floats, error_share: Floats, white: dict[str, Floats]
    ) -> dict[str, Floats]:
        """What the services count themselves; `received` are their hosts' bytes in each hour."""
        requests = np.floor(received / self.bytes * np.exp(0.05 * white["requests"]))
        is_asked = requests > 0
        p95 = np.minimum(seconds * (1.9 + 0.3 * np.abs(white["p95"])), SLOWEST_SECONDS)
        p99 = np.minimum(p95 * (1.3 + 0.3 * np.abs(white["p99"])), SLOWEST_SECONDS)
        return {
            "requests": requests,
            "errors": np.round(requests * error_share),
            "request_avg_seconds": np.where(is_asked, seconds, np.nan),
            "request_p95_seconds": np.where(is_asked, p95, np.nan),
            "request_p99_seconds": np.where(is_asked, p99, np.nan),
        }

    def _probes(
        self, probes: Floats, up: Floats, seconds: Floats, error_share: Floats, white: Floats
    ) -> dict[str, Floats]:
        """What the prober saw; a host that is off lets every probe run into its timeout."""
        answered = np.round(probes * up)
        failed = np.round(answered * error_share)
        p95 = np.minimum(seconds * (1.6 + 0.2 * np.abs(white)), TIMEOUT_SECONDS)
        mostly = np.minimum(seconds, TIMEOUT_SECONDS)
        with np.errstate(invalid="ignore"):
            answering: Floats = answered / probes
            success_ratio: Floats = (answered - failed) / probes
        columns = {
            "success_ratio": success_ratio,
            "status_code_max": np.where(failed > 0, 503.0, np.where(answered > 0, 200.0, 0.0)),
            "probe_avg_seconds": mostly * answering + TIMEOUT_SECONDS * (1.0 - answering),
            "probe_p95_seconds": np.where(answering < 0.95, TIMEOUT_SECONDS, p95),
        }
        return {name: np.where(probes > 0, values, np.nan) for name, values in columns.items()}

    def _strain(self, day: int) -> Floats:
        """How much faults of the hosts strain the services in each hour; (n, 24)."""
        strain = np.zeros((len(self.services), 24))
        first = (day - EPOCH_DAY) * 24
        for fault in self.faults.active_in_hours(first, 24):
            strained = STRAIN.get(fault.kind.name, 0.0) * fault.share_of_hours(first, 24)
            strain[self.device_index == fault.device.index] += fault.size * strained
        return strain
