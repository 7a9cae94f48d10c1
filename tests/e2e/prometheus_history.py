"""Five hours of two hosts and a port: counters that start anew, gaps, NaN, a new ifIndex.

`host_hour` and `port_hour` work out from the samples what their hourly rows should hold.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np

from tests.e2e.written_history import Written, increase, newest, rate, steps, within

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
BEGIN = int(NOON.timestamp())
HOURS = 5


def scrapes(offset_millis: int, missing: range = range(0)) -> list[int]:
    """A scrape a minute, without the minutes `missing`."""
    begin = 1000 * BEGIN + offset_millis
    return [begin + 60_000 * n for n in range(60 * HOURS) if n not in missing]


def counter(at: list[int], per_second: float, resets: tuple[int, ...] = ()) -> list[str]:
    """A counter that starts anew at some scrapes."""
    texts, base = [], 0
    for n, millis in enumerate(at):
        base = millis if n in resets or n == 0 else base
        texts.append(repr(round((millis - base) / 1000 * per_second + 5 * math.sin(n) + 5, 3)))
    return texts


def node(instance: str, offset: int, missing: range, resets: tuple[int, ...]) -> list[Written]:
    """What node_exporter says of a host with two processors that boots at `resets`."""
    at = scrapes(offset, missing)
    labels = {"instance": instance, "job": "node"}

    def gauge(name: str, values: list[str], **more: str) -> Written:
        return Written(name, labels | more, at, values)

    up = ["0" if n % 50 == 7 else "1" for n in range(len(at))]
    temperatures = ["NaN" if n % 9 == 4 else str(40 + n % 13) for n in range(len(at))]
    free = [str(4_000_000_000 + 1_000_000 * (n % 77)) for n in range(len(at))]
    return [
        gauge("up", up),
        *(
            gauge("node_cpu_seconds_total", counter(at, share, resets), cpu=cpu, mode=mode)
            for cpu in "01"
            for mode, share in (("idle", 0.6), ("iowait", 0.1), ("user", 0.3))
        ),
        gauge("node_memory_MemTotal_bytes", ["8000000000"] * len(at)),
        gauge("node_memory_MemAvailable_bytes", free),
        gauge("node_network_receive_bytes_total", counter(at, 1e6, resets), device="eth0"),
        gauge("node_network_receive_bytes_total", counter(at, 1e9, resets), device="lo"),
        gauge("node_hwmon_temp_celsius", temperatures, chip="a", sensor="temp1"),
        gauge("node_hwmon_temp_celsius", ["127"] * 3 + ["NaN"] * (len(at) - 3), chip="b"),
        gauge("node_boot_time_seconds", ["1772000000"] * len(at)),
    ]


def port(index: str, missing: range, status: list[str], speed: str) -> list[Written]:
    """What if_mib says of one port while its ifIndex is `index`."""
    at = scrapes(20_500, missing)
    labels = {"instance": "sw-01", "job": "snmp", "ifName": "ge-0/0/0", "ifIndex": index}
    octets = counter(at, 1.2e6, (40,))
    return [
        Written("ifHCInOctets", labels, at, octets),
        Written("ifHighSpeed", labels, at, [speed] * len(at)),
        Written("ifOperStatus", labels, at, [status[n % len(status)] for n in range(len(at))]),
        Written("ifAdminStatus", labels, at, ["1"] * len(at)),
    ]


HISTORY = [
    *node("web-01:9100", 13_250, range(80, 105), ()),
    *node("db-01:9100", 41_500, range(0), (100, 222)),
    # the port gets another ifIndex in the third hour, and states no speed any more
    *port("7", range(150, 60 * HOURS), ["1", "1", "1", "2"], "1000"),
    *port("9", range(150), ["1"], "0"),
]


def written_of(name: str, **labels: str) -> list[Written]:
    return [
        series
        for series in HISTORY
        if series.name == name and labels.items() <= series.labels.items()
    ]


def host_hour(instance: str, end: float) -> dict[str, float]:
    """Some columns of a host's hour, worked out from what was written."""

    def busy(at: float) -> float:
        idle = written_of("node_cpu_seconds_total", instance=instance)
        rates = {
            cpu: sum(
                rate(series, 300, at)
                for series in idle
                if series.labels["cpu"] == cpu and series.labels["mode"] != "user"
            )
            for cpu in "01"
        }
        return 100 * (1 - sum(rates.values()) / 2)

    def used(at: float) -> float:
        (free,) = written_of("node_memory_MemAvailable_bytes", instance=instance)
        return 100 * (1 - newest(free, at) / 8e9)

    (up,) = written_of("up", instance=instance)
    (received,) = written_of("node_network_receive_bytes_total", instance=instance, device="eth0")
    heat = [
        value
        for sensor in written_of("node_hwmon_temp_celsius", instance=instance)
        for value in within(sensor, 3600, end)[1]
        if not np.isnan(value)
    ]
    _, ups = within(up, 3600, end)
    cpu, memory = steps(busy, end, 300), steps(used, end, 300)
    expected = {
        "cpu_avg_pct": cpu.mean(),
        "cpu_p95_pct": np.quantile(cpu, 0.95),
        "cpu_max_pct": cpu.max(),
        "mem_avg_pct": memory.mean(),
        "mem_p95_pct": np.quantile(memory, 0.95),
        "mem_max_pct": memory.max(),
        "net_in_bytes": increase(received, 3600, end),
        "temp_max_celsius": max(heat),
        "uptime_seconds": end - 1_772_000_000,
        "up_ratio": ups.mean(),
        "samples": len(ups),
    }
    return {name: float(value) for name, value in expected.items()}


def port_hour(end: float) -> dict[str, float]:
    """Some columns of the port's hour, summed over the indexes it had."""
    octets, speeds, states = (
        written_of(name) for name in ("ifHCInOctets", "ifHighSpeed", "ifOperStatus")
    )

    def bits(at: float) -> float:
        rates = [rate(series, 300, at) for series in octets]
        measured = [one for one in rates if not np.isnan(one)]
        return 8 * sum(measured) if measured else np.nan

    def utilisation(at: float) -> float:
        known = [speed for series in speeds if (speed := newest(series, at)) > 0]
        return 100 * bits(at) / (1e6 * max(known)) if known else np.nan

    gained = [increase(series, 3600, end) for series in octets]
    within_hour = [within(series, 3600, end)[1] for series in states]
    seen = [values for values in within_hour if len(values)]
    util = steps(utilisation, end, 300)
    up = [
        float((steps(lambda at, one=one: newest(one, at), end, 60) == 1).mean())  # type: ignore[misc]
        for one in states
        if len(steps(lambda at, one=one: newest(one, at), end, 60))  # type: ignore[misc]
    ]
    expected = {
        "in_octets": float(np.nansum(gained)),
        "in_bps_max": float(steps(bits, end, 300).max()),
        "in_bps_p95": float(np.quantile(steps(bits, end, 300), 0.95)),
        "oper_changes": float(sum((np.diff(values) != 0).sum() for values in seen)),
        "oper_up_ratio": float(np.mean(up)),
        "samples": float(sum(len(values) for values in seen)),
    }
    # no utilisation where the device states no speed
    known = {"in_util_max_pct": util.max(), "in_util_avg_pct": util.mean()} if len(util) else {}
    return expected | {name: float(value) for name, value in known.items()}
