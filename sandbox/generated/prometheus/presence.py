"""When a host can be measured: maintenance, scrape gaps and reboots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from sandbox.generated.faults import Faults
from sandbox.generated.inventory import Inventory
from sandbox.generated.prometheus.profiles import Profiles
from sandbox.generated.randomness import Floats, generator, rounded
from sandbox.generated.timeline import EPOCH_DAY, start_of

SCRAPES_PER_HOUR = 60


@dataclass(frozen=True)
class Presence:
    """What monitoring saw of n hosts in the 24 hours of a day; arrays of shape (n, 24)."""

    is_measured: NDArray[np.bool_]
    samples: Floats
    up_ratio: Floats
    uptime: Floats


def presence_of_day(inventory: Inventory, faults: Faults, profiles: Profiles, day: int) -> Presence:
    """Presence on a UTC day."""
    n = len(inventory.hosts)
    up_ratio: Floats = np.ones((n, 24))
    edges: Floats = start_of(day).timestamp() + 3600.0 * np.arange(25, dtype=np.float64)
    spans = [span for span in inventory.offline_spans(start_of(day + 1)) if span[2] > start_of(day)]
    for host, begin, end in spans:
        up_ratio[host] -= covered(edges, begin.timestamp(), end.timestamp())
    first = (day - EPOCH_DAY) * 24
    for fault in faults.active_in_hours(first, 24):
        if fault.kind.name == "traffic_drop" and fault.size > 3:
            up_ratio[fault.device.index] -= 0.25 * fault.share_of_hours(first, 24)
    up_ratio = rounded(np.clip(up_ratio, 0.0, 1.0), 4)

    samples = np.full((n, 24), float(SCRAPES_PER_HOUR))
    chance, begin, hours, part = generator(inventory.seed, "gap", day).random((4, n))
    for host in np.flatnonzero(chance < profiles.gap_rate).tolist():
        at = int(begin[host] * 24)
        samples[host, at : at + 1 + int(hours[host] * 4)] = 0.0
        samples[host, at] = float(int(part[host] * 50))
    return Presence(
        is_measured=(up_ratio > 0.05) & (samples > 0),
        samples=samples,
        up_ratio=up_ratio,
        uptime=np.floor(edges[None, 1:] - boots(inventory, faults, profiles, day)),
    )


def covered(edges: Floats, begin: float, end: float) -> Floats:
    """Share (0..1) of each hour between consecutive `edges` that lies in [begin, end)."""
    seconds = np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin)
    share: Floats = np.clip(seconds / 3600.0, 0.0, 1.0)
    return share


def boots(inventory: Inventory, faults: Faults, profiles: Profiles, day: int) -> Floats:
    """Epoch seconds of each host's last boot before the end of each hour of `day`; (n, 24).

    Hosts reboot after patching every few weeks, after maintenance and after leaking their memory.
    """
    ends = start_of(day).timestamp() + 3600.0 * np.arange(1, 25)
    period = profiles.reboot_period[:, None] * 86_400.0
    phase = profiles.reboot_phase[:, None] * 86_400.0
    last: Floats = np.floor((ends[None, :] + phase) / period) * period - phase
    since, until = start_of(day) - timedelta(days=50), start_of(day + 1)
    restarts = [(host, end) for host, _, end in inventory.offline_spans(until)]
    restarts += [
        (fault.device.index, fault.end)
        for fault in faults.active_in(since, until)
        if fault.kind.name == "memory_leak"
    ]
    for host, moment in restarts:
        last[host] = np.where(
            ends > moment.timestamp(), np.maximum(last[host], moment.timestamp()), last[host]
        )
    return last
