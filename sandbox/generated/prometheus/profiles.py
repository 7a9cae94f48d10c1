"""What is ordinary for each host: levels, daily shapes, noise and couplings between metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sandbox.generated.inventory import Inventory
from sandbox.generated.randomness import Floats, Integers, generator


def shape_table(shape: str) -> Floats:
    """Relative demand (0..1) for each hour of a local week, Monday 00:00 first; float64 (168,)."""
    hour = np.arange(24.0)
    office = np.exp(-(((hour - 10.5) / 2.6) ** 2)) + 0.85 * np.exp(-(((hour - 15.0) / 2.4) ** 2))
    daily = {
        "office": office / office.max(),
        "morning": np.exp(-(((hour - 8.5) / 1.6) ** 2)) + 0.35 * office / office.max(),
        "night": np.exp(-((((hour - 1.5 + 12) % 24 - 12) / 2.8) ** 2)),
        "flat": 0.45 + 0.12 * office / office.max(),
    }[shape]
    weekend = {"office": 0.25, "morning": 0.2, "night": 1.0, "flat": 0.9}[shape]
    week = np.concatenate([np.tile(daily, 5), np.tile(daily * weekend, 2)])
    clipped: Floats = np.clip(week, 0.0, 1.0)
    return clipped


@dataclass(frozen=True)
class Profiles:
    """One value per host (arrays of shape (n,)), in percent, bytes per hour, °C and watts.

    Multiplying `*_sigma` by a fault's size gives how far the fault moves a metric.
    """

    week: Floats  # (n, 168) relative demand by local hour of week
    is_month_end_heavy: NDArray[np.bool_]
    is_physical: NDArray[np.bool_]
    has_disk: NDArray[np.bool_]
    cpu_base: Floats
    cpu_span: Floats
    cpu_sigma: Floats
    tail: Floats
    backup_hour: Integers
    mem_base: Floats
    mem_from_cpu: Floats
    mem_sigma: Floats
    disk_base: Floats
    disk_growth: Floats
    disk_period: Floats
    disk_phase: Floats
    disk_sigma: Floats
    net_in_base: Floats
    net_out_base: Floats
    net_gain: Floats
    net_sigma: Floats
    temp_base: Floats
    temp_from_cpu: Floats
    temp_sigma: Floats
    power_base: Floats
    power_from_cpu: Floats
    power_sigma: Floats
    reboot_period: Floats
    reboot_phase: Floats
    gap_rate: Floats


def profiles_of(inventory: Inventory) -> Profiles:
    """Draw every host's profile."""
    hosts = inventory.hosts
    random = generator(inventory.seed, "profiles")
    n = len(hosts)

    def between(low: float, high: float) -> Floats:
        return random.uniform(low, high, n)

    is_server = np.array([host.is_server for host in hosts])
    is_backup = np.array([host.role.short == "bkp" for host in hosts])
    week = np.stack([shape_table(host.role.shape) for host in hosts])
    return Profiles(
        week=week * between(0.85, 1.0)[:, None],
        is_month_end_heavy=np.array([host.role.short in ("db", "app", "bkp") for host in hosts]),
        is_physical=np.array([not host.is_virtual for host in hosts]),
        has_disk=is_server,
        cpu_base=between(5, 14),
        cpu_span=between(12, 34),
        cpu_sigma=between(1.8, 3.6),
        tail=np.where(random.random(n) < 0.25, between(0.25, 0.45), between(0.0, 0.15)),
        backup_hour=random.integers(0, 4, n),
        mem_base=between(30, 62),
        mem_from_cpu=between(0.10, 0.30),
        mem_sigma=between(0.8, 1.8),
        disk_base=between(32, 58),
        disk_growth=between(0.15, 0.8),
        disk_period=between(16, 42),
        disk_phase=between(0, 42),
        disk_sigma=between(1.4, 2.4),
        net_in_base=np.exp(between(20.0, 22.5)) * np.where(is_server, 1.0, 8.0),
        net_out_base=np.exp(between(20.0, 22.5)) * np.where(is_server, 1.0, 8.0),
        net_gain=between(1.2, 2.0) * np.where(is_backup, 1.4, 1.0),
        net_sigma=between(0.10, 0.18),
        temp_base=between(34, 42),
        temp_from_cpu=between(0.22, 0.38),
        temp_sigma=between(0.7, 1.1),
        power_base=np.where(is_server, between(140, 240), between(60, 120)),
        power_from_cpu=np.where(is_server, between(1.6, 3.0), between(0.3, 0.6)),
        power_sigma=np.where(is_server, between(4, 8), between(1.5, 3)),
        reboot_period=between(28, 45),
        reboot_phase=between(0, 45),
        gap_rate=np.where(random.random(n) < 0.12, 0.08, 0.008),
    )
