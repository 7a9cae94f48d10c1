"""Known faults put into copies of real series, where nobody has labelled the real ones.

The injector works on measured units and knows nothing of the detector: sizes are multiples of the
series' own spread, from subtle to large, lengths go from one step to three days, and a value never
leaves the range the fleet has shown. It is seeded; equal grids and seeds give equal faults.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ml.grid import Bools, Floats, Grid
from ml.trailing import daily, sorted_quantile

KINDS = ("spike", "level_shift", "ramp", "decoupling", "drop", "flatline")
SIZES = (2.0, 4.0, 8.0)
SIZED_KINDS = ("spike", "level_shift", "ramp", "drop")
LONGEST_HOURS = 72
LONGEST_SPIKE_HOURS = 3
DAYS_PER_EVENT = 7
DAYS_BETWEEN = 1
UPWARD_SHARE = 0.7
LEAST_EFFECT = 0.5
SIGMA_PER_MAD = 1.4826
SIGMA_PER_MEAN_DEVIATION = 1.2533
LEAST_MAD_SHARE = 0.1
SPREAD_DAYS = 35


@dataclass(frozen=True)
class Event:
    """A fault of one device (its row in the grid) over columns start <= t < end.

    `size` is in spreads of the series, 0 for kinds that have none.
    """

    device: int
    start: int
    end: int
    kind: str
    size: float
    metrics: tuple[int, ...]


@dataclass(frozen=True)
class Injected:
    """A grid with faults in it, where they are (bool, (D, T)), and the list of them."""

    grid: Grid
    is_faulty: Bools
    events: list[Event]


def inject(
    grid: Grid, first: int, last: int, metrics: list[int], seed: int | tuple[int, ...]
) -> Injected:
    """Put faults into columns first <= t < last of some metrics, about one per device and week.

    Faults of a device keep a day's distance; hours without any measurement are left alone, and so
    is a fault that would hardly change anything (an idle host that flatlines).
    """
    random = np.random.default_rng(seed)
    per_day = grid.axis.steps_per_day
    spread = spreads(grid.values[..., : first // per_day * per_day], per_day)
    lowest = np.fmin.reduce(grid.values, axis=(0, 2))
    highest = np.fmax.reduce(grid.values, axis=(0, 2))
    values = grid.values.copy()
    is_faulty = np.zeros(grid.is_row.shape, dtype=np.bool_)
    events: list[Event] = []
    for device in range(len(grid.entities)):
        usable = [m for m in metrics if spread[device, m] > 0]
        for _ in range(random.poisson((last - first) / (per_day * DAYS_PER_EVENT))):
            event = drawn(random, device, usable, first, last, per_day)
            near = slice(
                max(event.start - DAYS_BETWEEN * per_day, 0), event.end + DAYS_BETWEEN * per_day
            )
            span = slice(event.start, event.end)
            measured = np.isfinite(values[device, :, span]).any(axis=0)
            if not event.metrics or is_faulty[device, near].any() or not measured.all():
                continue
            changed = np.clip(
                perturbed(values[device], event, spread[device], random, per_day),
                lowest[:, None],
                highest[:, None],
            )
            moved = np.abs(changed - values[device, :, span])[list(event.metrics)]
            effect = np.nan_to_num(moved).mean(axis=1) / spread[device, list(event.metrics)]
            if effect.max() < LEAST_EFFECT:
                continue
            values[device, :, span] = changed
            is_faulty[device, span] = True
            events.append(event)
    return Injected(replace(grid, values=values), is_faulty, events)


def drawn(
    random: np.random.Generator, device: int, usable: list[int], first: int, last: int, per_day: int
) -> Event:
    """Draw a fault; without usable metrics it names none."""
    kind = KINDS[random.integers(len(KINDS))]
    size = SIZES[random.integers(len(SIZES))]
    longest = LONGEST_SPIKE_HOURS if kind == "spike" else LONGEST_HOURS
    hours = np.exp(random.uniform(0.0, np.log(longest + 1.0)))
    steps = min(max(1, int(hours * per_day / 24)), last - first)
    start = int(random.integers(first, last - steps + 1))
    several = kind in ("level_shift", "drop")
    most = len(usable) if several else min(len(usable), 2 if kind == "ramp" else 1)
    least = min(2, most) if kind == "level_shift" else min(1, most)
    count = int(random.integers(least, most + 1))
    chosen = random.permutation(np.array(usable, dtype=np.int64))[:count]
    return Event(
        device,
        start,
        start + steps,
        kind,
        size if kind in SIZED_KINDS else 0.0,
        tuple(sorted(chosen.tolist())),
    )


def perturbed(
    values: Floats, event: Event, spread: Floats, random: np.random.Generator, per_day: int
) -> Floats:
    """One device's values (M, T) over the event's span, with the fault in them."""
    result = values[:, event.start : event.end].copy()
    steps = event.end - event.start
    sign = 1.0 if random.random() < UPWARD_SHARE else -1.0
    days_back = int(random.integers(2, 6))
    for metric in event.metrics:
        unit = sign * event.size * spread[metric]
        if event.kind in ("spike", "level_shift"):
            result[metric] += unit
        elif event.kind == "ramp":
            result[metric] += 2.0 * unit * np.linspace(0.0, 1.0, steps)
        elif event.kind == "drop":
            result[metric] *= 1.0 - event.size / SIZES[-1]
        elif event.kind == "flatline":
            result[metric] = np.where(np.isnan(result[metric]), np.nan, values[metric, event.start])
        else:
            source = event.start - days_back * per_day - per_day // 2
            elsewhere = values[metric, max(source, 0) : max(source, 0) + steps]
            result[metric] = np.where(np.isnan(result[metric]), np.nan, elsewhere)
    return result


def spreads(values: Floats, per_day: int) -> Floats:
    """Standard deviation about the hour of the day, robust where it can be; (D, M), NaN unknown."""
    days = np.moveaxis(daily(values, per_day)[:, :, -SPREAD_DAYS:], 2, -1)
    deviation = np.abs(days - sorted_quantile(days, 0.5)[..., None]).reshape(*values.shape[:2], -1)
    known = np.isfinite(deviation).sum(axis=-1)
    mean = np.nansum(deviation, axis=-1) / np.maximum(known, 1)
    robust = SIGMA_PER_MAD * sorted_quantile(deviation, 0.5)
    return np.where(robust > LEAST_MAD_SHARE * mean, robust, SIGMA_PER_MEAN_DEVIATION * mean)
