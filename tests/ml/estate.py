"""A small estate of hosts whose faults are known: several metrics, persistent, mostly subtle.

Independent of the injector the backtest uses. Busy hours move processor, traffic, heat and power
together, as tall as faults but short; faults break that togetherness or last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml.anomaly_params import HOST_METRICS
from ml.backtest import Span
from ml.grid import Bools, Floats

START = pd.Timestamp("2025-03-03", tz="UTC")
FAULTS = {
    "fan": {"temp_max_celsius": 1.0, "power_avg_watts": 0.7},
    "runaway": {"cpu_avg_pct": 1.0, "net_in_bytes": -0.6},
    "leak": {"mem_avg_pct": 1.2},
    "outage": {"net_in_bytes": -1.2, "net_out_bytes": -1.2},
}


@dataclass(frozen=True)
class Estate:
    """`frame`: the columns of features.feat_infra_hourly that matter, one row per host and hour.

    `is_faulty`: bool (hosts, hours); `faults`: the spans behind it.
    """

    frame: pd.DataFrame
    is_faulty: Bools
    faults: list[Span]


def estate(hosts: int, days: int, seed: int, faults_from_day: int | None = None) -> Estate:
    """Hosts from `START` on; with `faults_from_day`, about one fault per host and week from it."""
    random = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    shape = (hosts, len(hours))
    busy = np.exp(-(((hours % 24 - 13) / 3.5) ** 2)) * np.where(hours // 24 % 7 < 5, 1.0, 0.3)
    bursts = np.zeros(shape)
    for host, hour in np.argwhere(random.random(shape) < 1 / 400):
        bursts[host, hour : hour + 2] += random.uniform(4.0, 7.0)
    work = random.uniform(2.0, 5.0, (hosts, 1)) * busy + persistent(random, shape, 0.7) + bursts

    def own(phi: float) -> Floats:
        return persistent(random, shape, phi)

    spread = dict(zip(HOST_METRICS, (4.0, 1.5, 0.6, 0.15, 0.15, 0.9, 5.0, 1.0), strict=True))
    levels = {
        "cpu_avg_pct": 8 + 4.0 * work + own(0.2),
        "mem_avg_pct": 45 + 0.4 * work + 1.5 * own(0.9),
        "disk_used_pct": 40 + 0.01 * hours + 0.3 * own(0.5),
        "net_in_bytes": 18 + 0.15 * work + 0.05 * own(0.3),
        "net_out_bytes": 17 + 0.15 * work + 0.05 * own(0.3),
        "temp_max_celsius": 35 + 0.5 * work + 0.5 * own(0.6),
        "power_avg_watts": 120 + 5.0 * work + 2.0 * own(0.3),
        "uptime_hours": 100.0 + np.broadcast_to(hours, shape),
    }
    is_faulty = np.zeros(shape, dtype=np.bool_)
    spans = []
    if faults_from_day is not None:
        for host in range(hosts):
            begin = faults_from_day * 24 + int(random.integers(0, 72))
            while begin < len(hours) - 48:
                length = int(random.choice([4, 12, 24, 48]))
                size = random.choice([2.0, 3.0, 5.0])
                for metric, factor in FAULTS[str(random.choice(list(FAULTS)))].items():
                    moved = size * factor * spread[metric]
                    levels[metric][host, begin : begin + length] += moved
                is_faulty[host, begin : begin + length] = True
                spans.append(Span(host, begin, begin + length))
                begin += length + int(random.integers(48, 240))
    for metric in ("net_in_bytes", "net_out_bytes"):
        levels[metric] = np.exp(levels[metric])
    frame = pd.DataFrame(
        {
            "device_key": np.repeat(np.arange(hosts) + 1000, len(hours)),
            "hour": np.tile(START + pd.to_timedelta(hours, unit="h"), hosts),
            **{metric: values.ravel() for metric, values in levels.items()},
            "coverage": 1.0,
            "is_masked": False,
            "is_incident": False,
        }
    )
    return Estate(frame, is_faulty, spans)


def persistent(random: np.random.Generator, shape: tuple[int, int], phi: float) -> Floats:
    """Noise of unit variance whose correlation falls by `phi` an hour."""
    noise: Floats = random.standard_normal(shape) * np.sqrt(1 - phi**2)
    for hour in range(1, shape[1]):
        noise[:, hour] += phi * noise[:, hour - 1]
    return noise
