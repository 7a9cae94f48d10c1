"""The ordinary work of hosts: daily rhythm, backups, month ends and irregular bursts.

Bursts are as tall as faults, but short, and move processor, traffic and heat together as work does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from sandbox.generated.inventory import Inventory
from sandbox.generated.prometheus.profiles import Profiles
from sandbox.generated.randomness import Floats, Integers, generator

BURSTS_PER_DAY = 0.035
FULL_BACKUPS_PER_DAY = 0.05


@dataclass(frozen=True)
class Work:
    """Work of n hosts in some hours; float64 arrays of shape (n, hours).

    `demand` is relative to the host's span; the others are irregular extras: `cpu` in standard
    deviations, traffic as logarithms of a factor.
    """

    demand: Floats
    cpu: Floats
    log_net_in: Floats
    log_net_out: Floats

    def beside(self, later: Work) -> Work:
        """These hours followed by `later` ones."""
        return Work(
            np.hstack([self.demand, later.demand]),
            np.hstack([self.cpu, later.cpu]),
            np.hstack([self.log_net_in, later.log_net_in]),
            np.hstack([self.log_net_out, later.log_net_out]),
        )


def work_of_day(inventory: Inventory, profiles: Profiles, day: int) -> Work:
    """Work in the 24 hours of a UTC day."""
    n = len(inventory.hosts)
    hour_of_week = local_hours_of_week(inventory, day)
    demand = np.take_along_axis(profiles.week, hour_of_week, axis=1)
    heavy = np.where(profiles.is_month_end_heavy, month_end_load(day), 0.15 * month_end_load(day))
    demand = demand * (1.0 + heavy[:, None]) + 0.25 * heavy[:, None]
    work = Work(demand, np.zeros((n, 24)), np.zeros((n, 24)), np.zeros((n, 24)))
    nightly = (hour_of_week % 24 - profiles.backup_hour[:, None]) % 24 < 2
    work.cpu[nightly] += 1.5
    work.log_net_out[nightly] += 0.8
    add_events(work, inventory, day - 1, first_hour=-24)
    add_events(work, inventory, day, first_hour=0)
    return work


def add_events(work: Work, inventory: Inventory, day: int, first_hour: int) -> None:
    """Add the irregular bursts and full backups begun on `day`, whose midnight is `first_hour`."""
    n = len(inventory.hosts)
    random = generator(inventory.seed, "burst", day)
    chance, begin, hours, size = random.random((4, n, 2))
    for host in np.flatnonzero(chance[:, 0] < BURSTS_PER_DAY):
        at = span(first_hour + int(begin[host, 0] * 24), 1 + int(hours[host, 0] * 3))
        work.cpu[host, at] += 2.5 + 4.5 * size[host, 0]
        work.log_net_in[host, at] += 0.3 + 0.6 * size[host, 0]
        work.log_net_out[host, at] += 0.3 + 0.6 * size[host, 0]
    for host in np.flatnonzero(chance[:, 1] < FULL_BACKUPS_PER_DAY):
        at = span(first_hour + 18 + int(begin[host, 1] * 12), 2 + int(hours[host, 1] * 4))
        work.cpu[host, at] += 1.5 + 3.0 * size[host, 1]
        work.log_net_out[host, at] += 0.4 + 0.8 * size[host, 1]


def span(first: int, count: int) -> slice:
    """The part of a day (hours 0..23) that an event covers."""
    return slice(min(max(first, 0), 24), min(max(first + count, 0), 24))


def local_hours_of_week(inventory: Inventory, day: int) -> Integers:
    """Local hour of the week, 0 = Monday 00:00, of each host in each hour of `day`; (n, 24)."""
    offsets = [utc_offset_hours(host.site.city.time_zone, day) for host in inventory.hosts]
    utc_hour = date.fromordinal(day).weekday() * 24 + np.arange(24)
    hours: Integers = (utc_hour[None, :] + np.array(offsets)[:, None]) % 168
    return hours


@lru_cache(maxsize=4096)
def utc_offset_hours(time_zone: str, day: int) -> int:
    """Whole hours the zone is ahead of UTC at noon of a day."""
    noon = datetime.fromordinal(day).replace(hour=12, tzinfo=ZoneInfo(time_zone))
    offset = noon.utcoffset()
    return round(offset.total_seconds() / 3600) if offset else 0


def month_end_load(day: int) -> float:
    """Extra demand of accounting around the turn of the month, relative to an ordinary day."""
    today = date.fromordinal(day)
    if date.fromordinal(day + 2).month != today.month:
        return 0.6
    return 0.35 if today.day == 1 else 0.0
