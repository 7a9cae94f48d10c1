"""Hourly metrics of every host, one UTC day at a time.

A day is worked out from its own and the two previous days' random numbers and the faults alive in
it, so any day can be asked for without the days before. Filters sum their taps in a fixed order: an
hour has the same bits in whatever window it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np

from sandbox.estate import Series
from sandbox.generated.faults import Faults
from sandbox.generated.inventory import Inventory
from sandbox.generated.prometheus.load import Work, local_hours_of_week, work_of_day
from sandbox.generated.prometheus.presence import Presence, presence_of_day
from sandbox.generated.prometheus.profiles import profiles_of
from sandbox.generated.randomness import Floats, Integers, generator, rounded
from sandbox.generated.timeline import EPOCH_DAY

LEAD_HOURS = 48
HOURS = LEAD_HOURS + 24
CHANNELS = ("cpu", "mem", "net_in", "net_out", "temp", "power", "disk")
NOISES = (*CHANNELS, "tail", "p95", "max")
NET_FROM_CPU = 0.12
# Days kept once worked out: all of a demo's, but of a large estate only those asked for together.
DEVICE_DAYS_HELD = 20_000


class HostMetrics:
    """Hourly host metrics of an estate; columns are named as in the warehouse's host metrics."""

    def __init__(self, inventory: Inventory, faults: Faults) -> None:
        self.inventory = inventory
        self.faults = faults
        self.profiles = profiles_of(inventory)
        self.instances = [f"{host.scraped_as}:9100" for host in inventory.hosts]
        self.noise = lru_cache(maxsize=4)(self._noise)
        self.work = lru_cache(maxsize=4)(self._work)
        held = DEVICE_DAYS_HELD // max(len(self.instances), 1)
        self.day = lru_cache(maxsize=max(4, min(held, 400)))(self._day)
        self.presence = lru_cache(maxsize=max(4, min(held, 400)))(self._presence)

    def series(self, column: str, start: int, end: int) -> Iterator[Series]:
        """Values of one column with start <= evaluated_at <= end (epoch seconds), host by host."""
        if column == "samples":
            # what counts all of history must not work out all that was measured
            found = hourly_series(self.samples, start, end)
        else:
            found = hourly_series(lambda day: self.day(day)[column], start, end)
        for instance, (ends, values) in zip(self.instances, found, strict=True):
            yield Series(instance, ends, values)

    def samples(self, day: int) -> Floats:
        """Scrapes of each host and hour of a day, (n, 24); NaN where there was none."""
        return scrapes(self.presence(day))

    def _presence(self, day: int) -> Presence:
        return presence_of_day(self.inventory, self.faults, self.profiles, day)

    def _noise(self, day: int) -> dict[str, Floats]:
        random = generator(self.inventory.seed, "noise", day)
        drawn = random.standard_normal((len(NOISES), len(self.inventory.hosts), 24))
        return dict(zip(NOISES, drawn, strict=True))

    def _work(self, day: int) -> Work:
        return work_of_day(self.inventory, self.profiles, day)

    def _day(self, day: int) -> dict[str, Floats]:
        """Every column as (n, 24) float64; NaN where the host has no such value."""
        p = self.profiles
        days = (day - 2, day - 1, day)
        white = {name: np.hstack([self.noise(d)[name] for d in days]) for name in NOISES}
        work = self.work(days[0]).beside(self.work(days[1])).beside(self.work(days[2]))
        moved = self._faults(day)

        load_noise = smoothed(white["cpu"], 0.8, 24) * np.exp(p.tail[:, None] * white["tail"])
        extra = load_noise + work.cpu
        cpu_of_work = p.cpu_base[:, None] + p.cpu_span[:, None] * work.demand
        cpu_of_work = cpu_of_work + p.cpu_sigma[:, None] * extra
        cpu = np.clip(cpu_of_work + p.cpu_sigma[:, None] * moved["cpu"], 0.4, 99.0)
        busy = np.clip(cpu_of_work, 0.4, 99.0) - p.cpu_base[:, None]

        mem = p.mem_base[:, None] + p.mem_from_cpu[:, None] * averaged(busy, 12)
        mem = mem + p.mem_sigma[:, None] * (smoothed(white["mem"], 0.9, 36) + moved["mem"])
        mem = np.clip(mem, 1.0, 98.5)

        temp = p.temp_base[:, None] + p.temp_from_cpu[:, None] * averaged(cpu, 5)
        temp = temp + ambient(self.inventory, day)
        temp = temp + p.temp_sigma[:, None] * (smoothed(white["temp"], 0.6, 12) + moved["temp"])
        power = p.power_base[:, None] + p.power_from_cpu[:, None] * averaged(cpu, 2)
        power = power + p.power_sigma[:, None] * (smoothed(white["power"], 0.5, 8) + moved["power"])
        self._hold_stuck(day, temp, power)

        columns = {
            "cpu_avg_pct": cpu,
            "mem_avg_pct": mem,
            "disk_used_pct": self._disk(day, white["disk"], moved["disk"]),
            "net_in_bytes": self._traffic("net_in", work, load_noise, white, moved),
            "net_out_bytes": self._traffic("net_out", work, load_noise, white, moved),
            "temp_max_celsius": np.where(p.is_physical[:, None], temp, np.nan),
            "power_avg_watts": np.where(p.is_physical[:, None], power, np.nan),
        }
        columns |= spread("cpu", cpu, 2.0 * p.cpu_sigma, white, 100.0)
        columns |= spread("mem", mem, 0.5 * p.mem_sigma, white, 99.5)
        today = {name: values[:, LEAD_HOURS:] for name, values in columns.items()}
        return with_presence(today, self.presence(day))

    def _faults(self, day: int) -> dict[str, Floats]:
        """How far faults move each channel, in standard deviations; (n, HOURS)."""
        moved = {channel: np.zeros((len(self.instances), HOURS)) for channel in CHANNELS}
        first = (day - EPOCH_DAY) * 24 - LEAD_HOURS
        for fault in self.faults.active_in_hours(first, HOURS):
            share = fault.share_of_hours(first, HOURS)
            for channel, factor in fault.kind.moves.items():
                moved[channel][fault.device.index] += fault.size * factor * share
        return moved

    def _hold_stuck(self, day: int, temp: Floats, power: Floats) -> None:
        """Let sensors that are stuck repeat what was usual when they froze."""
        p, first = self.profiles, (day - EPOCH_DAY) * 24 - LEAD_HOURS
        for fault in self.faults.active_in_hours(first, HOURS):
            if fault.kind.shape != "stuck":
                continue
            host, begun = fault.device.index, fault.begin.toordinal()
            hour = local_hours_of_week(self.inventory, begun)[host, fault.begin.hour]
            cpu = p.cpu_base[host] + p.cpu_span[host] * p.week[host, hour]
            held = fault.share_of_hours(first, HOURS) > 0.5
            temp[host, held] = p.temp_base[host] + p.temp_from_cpu[host] * cpu
            power[host, held] = p.power_base[host] + p.power_from_cpu[host] * cpu

    def _disk(self, day: int, white: Floats, moved: Floats) -> Floats:
        """Fullness of the worst mount: growth, clean-ups, the day's logs."""
        p = self.profiles
        hours = np.arange(HOURS) - LEAD_HOURS
        days = (day + hours / 24.0)[None, :] + p.disk_phase[:, None]
        used = p.disk_base[:, None] + p.disk_growth[:, None] * np.mod(days, p.disk_period[:, None])
        used = used + 0.5 * (hours % 24)[None, :] / 24.0 + 0.12 * white
        used = np.clip(used + p.disk_sigma[:, None] * moved, 1.0, 99.5)
        return np.where(p.has_disk[:, None], used, np.nan)

    def _traffic(
        self,
        channel: str,
        work: Work,
        load_noise: Floats,
        white: dict[str, Floats],
        moved: dict[str, Floats],
    ) -> Floats:
        """Bytes in an hour: follows the work, not what a fault does to the processor."""
        p = self.profiles
        base, burst = (
            (p.net_in_base, work.log_net_in)
            if channel == "net_in"
            else (p.net_out_base, work.log_net_out)
        )
        own = p.net_sigma[:, None] * smoothed(white[channel], 0.5, 8)
        unit = np.hypot(p.net_sigma, NET_FROM_CPU)[:, None]
        log = p.net_gain[:, None] * work.demand + NET_FROM_CPU * load_noise + burst + own
        return base[:, None] * np.exp(np.clip(log + unit * moved[channel], -3.0, 5.0))


def hourly_series(
    day_of_all: Callable[[int], Floats], start: int, end: int
) -> Iterator[tuple[Integers, Floats]]:
    """Each row's hours with start <= end of hour <= end (epoch seconds), and its values in them.

    `day_of_all` gives the (n, 24) values of a day, NaN where a row has none.
    """
    first, last = EPOCH_DAY + (start - 3600) // 86_400, EPOCH_DAY + (end - 3600) // 86_400
    days = range(first, last + 1)
    values = np.hstack([day_of_all(day) for day in days])
    ends = ((first - EPOCH_DAY) * 24 + 1 + np.arange(24 * len(days))) * 3600
    asked = slice(*np.searchsorted(ends, (start, end + 1)))
    ends, values = ends[asked], values[:, asked]
    present = ~np.isnan(values)
    for row, has_value in zip(values, present, strict=True):
        yield (ends, row) if has_value.all() else (ends[has_value], row[has_value])


def smoothed(white: Floats, phi: float, taps: int) -> Floats:
    """White noise made persistent: an AR(1) filter of unit variance, cut after `taps` hours."""
    total = np.zeros_like(white)
    for lag in range(taps):
        total[:, lag:] += phi**lag * white[:, : white.shape[1] - lag]
    result: Floats = total * np.sqrt(1.0 - phi * phi)
    return result


def averaged(values: Floats, taps: int) -> Floats:
    """Mean of the last `taps` hours."""
    total = np.zeros_like(values)
    for lag in range(taps):
        total[:, lag:] += values[:, : values.shape[1] - lag]
    result: Floats = total / taps
    return result


def ambient(inventory: Inventory, day: int) -> Floats:
    """Room temperature above its mean, °C: warm afternoons, warm summers; (n, HOURS)."""
    hours = np.hstack([local_hours_of_week(inventory, d) for d in (day - 2, day - 1, day)]) % 24
    season = np.cos((day - EPOCH_DAY - 200) * 2 * np.pi / 365.25)
    result: Floats = 1.2 * season + 0.6 * np.cos((hours - 16) * 2 * np.pi / 24)
    return result


def spread(
    name: str, mean: Floats, sigma: Floats, white: dict[str, Floats], most: float
) -> dict[str, Floats]:
    """The 95th percentile and maximum within an hour of a mean."""
    p95 = np.minimum(mean + sigma[:, None] * (0.8 + 0.4 * np.abs(white["p95"])), most)
    top = np.minimum(p95 + sigma[:, None] * (0.4 + 0.8 * np.abs(white["max"])), most)
    return {f"{name}_p95_pct": p95, f"{name}_max_pct": top}


def with_presence(columns: dict[str, Floats], presence: Presence) -> dict[str, Floats]:
    """Columns without the hours in which nothing was measured, and those about measuring itself."""
    measured = {
        name: rounded(np.where(presence.is_measured, values, np.nan), 3)
        for name, values in columns.items()
    }
    return measured | {
        "uptime_seconds": np.where(presence.is_measured, presence.uptime, np.nan),
        "up_ratio": np.where(presence.samples > 0, presence.up_ratio, np.nan),
        "samples": scrapes(presence),
    }


def scrapes(presence: Presence) -> Floats:
    """Scrapes in each hour, NaN where there was none."""
    return np.where(presence.samples > 0, presence.samples, np.nan)
