"""Latent faults: what truly goes wrong, and when.

A fault is drawn for a device and a day, and drives metrics, alerts, cases and tickets alike. Its
size is in standard deviations of the device's ordinary variation, from subtle and long to large.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from sandbox.estate import Row
from sandbox.generated.inventory import Device, Inventory
from sandbox.generated.randomness import Floats, generator, pick
from sandbox.generated.timeline import EPOCH, day_of, iso, moment_in

RATE_PER_DEVICE_DAY = 0.1 / 7
LONGEST_HOURS = 72.0


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    `moves` gives, per latent channel, how many standard deviations the channel moves for a fault
    of size one. `shape` is ``step`` (at once), ``ramp`` (grows to the end) or ``stuck`` (sensors
    repeat one value). `needs` restricts it to ``server``s or ``physical`` devices.
    """

    name: str
    moves: dict[str, float]
    hours: tuple[float, float]
    shape: str
    weight: float
    needs: str = ""


KINDS = (
    Kind("cpu_runaway", {"cpu": 1.0, "net_in": -0.2, "net_out": -0.2}, (2, 12), "step", 3),
    Kind("memory_leak", {"mem": 1.6, "cpu": 0.35}, (12, 72), "ramp", 3),
    Kind("disk_fill", {"disk": 1.0, "cpu": 0.4, "mem": 0.3}, (8, 48), "ramp", 2, "server"),
    Kind("network_flood", {"net_in": 1.0, "cpu": 0.4}, (3, 18), "step", 2),
    Kind("data_exfiltration", {"net_out": 1.0, "cpu": 0.25}, (4, 24), "step", 2, "server"),
    Kind("fan_failure", {"temp": 1.0, "power": 0.7}, (8, 72), "step", 2.5, "physical"),
    Kind("traffic_drop", {"net_in": -1.0, "net_out": -1.0, "cpu": -0.3}, (2, 12), "step", 2),
    Kind(
        "thermal_throttle",
        {"cpu": 0.8, "temp": 0.8, "net_in": -0.7, "net_out": -0.7},
        (4, 24),
        "step",
        2,
        "physical",
    ),
    Kind("stuck_sensor", {"temp": 0.0, "power": 0.0}, (12, 48), "stuck", 1, "physical"),
)

METRICS_OF_CHANNEL = {
    "cpu": ("cpu_avg_pct", "cpu_p95_pct", "cpu_max_pct"),
    "mem": ("mem_avg_pct", "mem_p95_pct", "mem_max_pct"),
    "disk": ("disk_used_pct",),
    "net_in": ("net_in_bytes",),
    "net_out": ("net_out_bytes",),
    "temp": ("temp_max_celsius",),
    "power": ("power_avg_watts",),
}


@dataclass(frozen=True)
class Fault:
    """One fault of one device; `size` in standard deviations."""

    id: str
    kind: Kind
    device: Device
    begin: datetime
    end: datetime
    size: float

    def share_of_hours(self, first: int, count: int) -> Floats:
        """How far the fault is on (0..1) in each of `count` hours from epoch hour `first`."""
        edges = np.arange(first, first + count + 1, dtype=np.float64) * 3600.0
        begin, end = self.begin.timestamp(), self.end.timestamp()
        covered = np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin)
        share: Floats = np.clip(covered / 3600.0, 0.0, 1.0)
        if self.kind.shape == "ramp":
            share *= np.clip((edges[1:] - begin) / (end - begin), 0.0, 1.0)
        return share


@dataclass
class Faults:
    """Every fault begun at or after the inventory's `history_start`."""

    inventory: Inventory
    _days: dict[int, list[Fault]] = field(default_factory=dict)

    def begun_on(self, day: int) -> list[Fault]:
        """Faults that begin on a UTC day, by begin."""
        if day not in self._days:
            hosts = self.inventory.hosts
            drawn = generator(self.inventory.seed, "fault day", day).random(len(hosts))
            struck = [host for host, u in zip(hosts, drawn, strict=True) if u < RATE_PER_DEVICE_DAY]
            faults = [self._fault(day, device) for device in struck]
            alive = [fault for fault in faults if fault.begin >= self.inventory.history_start]
            self._days[day] = sorted(alive, key=lambda fault: fault.begin)
        return self._days[day]

    def _fault(self, day: int, device: Device) -> Fault:
        random = generator(self.inventory.seed, "fault", day, device.index)
        possible = [kind for kind in KINDS if can_strike(kind, device)]
        kind = pick(random, possible, [kind.weight for kind in possible])
        lowest, highest = pick(random, ((1.5, 2.5), (3.0, 5.0), (6.0, 12.0)), (0.3, 0.35, 0.35))
        is_subtle = highest <= 2.5
        at_least, at_most = kind.hours
        stretch = random.uniform(0.5, 1.0) if is_subtle else random.random() ** 1.5
        hours = at_least + (at_most - at_least) * float(stretch)
        begin = moment_in(day, float(random.random()))
        return Fault(
            id=f"F{day}-{device.id}",
            kind=kind,
            device=device,
            begin=begin,
            end=begin + timedelta(hours=round(hours, 2)),
            size=round(float(random.uniform(lowest, highest)), 2),
        )

    def begun_in(self, start: datetime, end: datetime) -> list[Fault]:
        """Faults with start <= begin < end, by begin."""
        days = range(day_of(max(start, self.inventory.history_start)), day_of(end) + 1)
        begun = [fault for day in days for fault in self.begun_on(day)]
        return [fault for fault in begun if start <= fault.begin < end]

    def active_in(self, start: datetime, end: datetime) -> list[Fault]:
        """Faults that overlap [start, end)."""
        begun = self.begun_in(start - timedelta(hours=LONGEST_HOURS), end)
        return [fault for fault in begun if fault.end > start]

    def active_in_hours(self, first: int, count: int) -> list[Fault]:
        """Faults that overlap `count` hours from epoch hour `first`."""
        start = EPOCH + timedelta(hours=first)
        return self.active_in(start, start + timedelta(hours=count))


def can_strike(kind: Kind, device: Device) -> bool:
    """Whether a device has what the fault breaks."""
    if kind.needs == "server":
        return device.is_server
    return kind.needs != "physical" or not device.is_virtual


def truth_row(fault: Fault, clock: datetime) -> Row:
    """A fault as the truth table lists it; `ended_at` is null while it lasts."""
    return {
        "fault_id": fault.id,
        "kind": fault.kind.name,
        "host": fault.device.hostname,
        "device_id": fault.device.id,
        "customer": fault.device.site.customer.slug,
        "metrics": [m for channel in fault.kind.moves for m in METRICS_OF_CHANNEL[channel]],
        "started_at": iso(fault.begin),
        "ended_at": iso(fault.end) if fault.end <= clock else None,
        "size": fault.size,
    }
