"""How unusual each measurement is for its own device: causal, seasonal, self-calibrating.

Four readings, each from the device's own past:

- *expected*: median of the same hour of the day over two weeks, moved by what the same weekday
  usually adds (median over five weeks, shrunk while few weeks are known);
- *unusual*: measured minus expected, averaged over a window, divided by what the device itself
  reaches on one of its more restless days (a high quantile of the daily extremes of five weeks).
  A bursty host is so judged by its bursts and a calm one by its calm; a spread such as the MAD
  knows the middle of a distribution, and alerts live in its tail;
- *decoupled*: what remains of it once the device's other metrics have explained their part. A busy
  hour moves processor, traffic and heat together, a failed fan does not;
- *still*: how far the series' steps have shrunk below what they are on its quietest days.

What is usual changes at midnight UTC only and comes from whole days before, so no reading depends
on anything after its own step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.decoupling import explained_by_others
from ml.grid import Bools, Floats
from ml.trailing import (
    daily,
    lagged,
    sorted_quantile,
    trailing_mean,
    trailing_quantile,
)

HOURS = 24
DAILY_LAGS = 14
WEEKLY_LAGS = (7, 14, 21, 28, 35)
WEEKDAY_SHRINKAGE = 2.0
HISTORY_DAYS = 35
RESTLESS = 0.9
QUIET = 0.08
MIN_HISTORY_DAYS = 3
FLOOR_SHARE = 0.3
LEAST_STEP_SHARE = 0.05
STEP_FLOOR_SHARE = 0.01
LEAST_FLOOR = 1e-9
LARGEST_READING = 1e6


@dataclass(frozen=True)
class Rhythm:
    """Lengths in steps: of a day, of the windows residuals are averaged over, of stillness.

    `momentary` metrics (a reset of a running total) happen in one step: only the first window reads
    them, or each would be counted once per window.
    """

    per_day: int
    windows: tuple[int, ...]
    still_window: int
    momentary: tuple[int, ...] = ()


@dataclass(frozen=True)
class Floors:
    """The least usual extremes, float64 (windows, M): a constant metric would divide by zero.

    A share of the fleet's median, so it has the metric's own unit.
    """

    own: Floats
    decoupled: Floats


@dataclass(frozen=True)
class Readings:
    """Of D devices, M metrics, W windows, T steps in K days; NaN where nothing can be said.

    `own`, `decoupled`: signed, float32 (W, D, M, T), 1 = as on a restless day. `still`: 0 and up,
    float32 (D, M, T). `expected`: float32 (D, M, T) in the unit of the values. `is_known`: bool
    (D, M, K), whether the metric has history enough to be read. `weights`: float32
    (W, D, K, M, M) and `decoupled_usual`: (W, D, M, K) lead from own to decoupled readings.
    """

    own: Floats
    decoupled: Floats
    still: Floats
    expected: Floats
    is_known: Bools
    weights: Floats
    decoupled_usual: Floats
    floors: Floors


def readings_of(
    values: Floats,
    is_masked: Bools,
    rhythm: Rhythm,
    known_floors: Floors | None,
    reference: slice,
    since: int = 0,
) -> Readings:
    """Read values, float32 (D, M, T), T a whole number of days.

    Masked steps, bool (D, T), are read but teach nothing. Without `known_floors`, floors are taken
    from the days of `reference`. Stillness is told from the day `since` on.
    """
    per_day = rhythm.per_day
    teaching = np.where(is_masked[:, None], np.float32(np.nan), values)
    expected = seasonal_expectation(teaching, per_day)
    residual = values - expected

    is_known = np.isfinite(usual_extreme(residual, is_masked, per_day))
    own, decoupled, weights, usual_apart, floors = [], [], [], [], []
    for number, window in enumerate(rhythm.windows):
        mean = trailing_mean(residual, window)
        if number > 0:
            mean[:, list(rhythm.momentary)] = np.nan
        usual = usual_extreme(mean, is_masked, per_day)
        floor = known_floors.own[number] if known_floors else floor_of(usual, reference)
        reading = in_units_of(mean, floored(usual, floor), per_day)
        apart, weight = explained_by_others(reading, is_masked, per_day, HISTORY_DAYS)
        usual = usual_extreme(apart, is_masked, per_day)
        floor_apart = known_floors.decoupled[number] if known_floors else floor_of(usual, reference)
        usual = floored(usual, floor_apart)
        own.append(reading)
        decoupled.append(in_units_of(apart, usual, per_day))
        weights.append(weight)
        usual_apart.append(usual)
        floors.append((floor, floor_apart))
    return Readings(
        np.stack(own),
        np.stack(decoupled),
        stillness(values, is_masked, rhythm, since),
        expected,
        is_known,
        np.stack(weights),
        np.stack(usual_apart),
        known_floors or Floors(*(np.stack(kind) for kind in zip(*floors, strict=True))),
    )


def seasonal_expectation(values: Floats, per_day: int) -> Floats:
    """What each step should show, from earlier days only; (..., T) -> (..., T)."""
    blocks = values.reshape(*values.shape[:-1], -1, HOURS, per_day // HOURS)
    hourly = blocks[..., 0] if per_day == HOURS else sorted_quantile(blocks, 0.5)
    profile = np.ascontiguousarray(np.swapaxes(hourly, -1, -2))
    usual = trailing_quantile(profile, DAILY_LAGS, 0.5)
    by_weekday = lagged(profile - usual, WEEKLY_LAGS)
    weeks = np.isfinite(by_weekday).sum(axis=-1)
    share = (weeks / (weeks + WEEKDAY_SHRINKAGE)).astype(values.dtype)
    usual += share * np.nan_to_num(sorted_quantile(by_weekday, 0.5))
    by_hour = np.swapaxes(usual, -1, -2)[..., None]
    return np.broadcast_to(by_hour, blocks.shape).reshape(values.shape)


def usual_extreme(readings: Floats, is_masked: Bools, per_day: int) -> Floats:
    """The largest magnitude of a restless day, per day, from the days before; (D, M, K)."""
    teaching = np.where(is_masked[:, None], np.float32(np.nan), np.abs(readings))
    largest = np.fmax.reduce(daily(teaching, per_day), axis=-1)
    return trailing_quantile(largest, HISTORY_DAYS, RESTLESS, MIN_HISTORY_DAYS)


def floor_of(usual: Floats, reference: slice) -> Floats:
    """A share of the median of what moves at all, per metric; 1 where nothing does."""
    seen = usual[:, :, reference].transpose(1, 0, 2).reshape(usual.shape[1], -1)
    middle = sorted_quantile(np.where(seen > 0, seen, np.nan), 0.5)
    floor = np.nan_to_num(FLOOR_SHARE * middle, nan=1.0)
    return np.asarray(np.maximum(floor, LEAST_FLOOR), dtype=np.float64)


def floored(usual: Floats, floor: Floats) -> Floats:
    return np.maximum(usual, floor[None, :, None].astype(usual.dtype))


def in_units_of(readings: Floats, usual: Floats, per_day: int) -> Floats:
    """Divide each step by its day's usual extreme."""
    blocks = daily(readings, per_day) / usual[..., None]
    return np.clip(blocks, -LARGEST_READING, LARGEST_READING).reshape(readings.shape)


def stillness(values: Floats, is_masked: Bools, rhythm: Rhythm, since: int) -> Floats:
    """Log of the usual least mean step over the present one; 0 where steps are usual or tiny.

    From the day `since` on, 0 before it.
    """
    step = np.full_like(values, np.nan)
    step[..., 1:] = np.abs(np.diff(values, axis=-1))
    movement = trailing_mean(step, rhythm.still_window)
    by_day = daily(np.where(is_masked[:, None], np.float32(np.nan), movement), rhythm.per_day)
    least = np.fmin.reduce(by_day, axis=-1)
    quiet = trailing_quantile(least, HISTORY_DAYS, QUIET, MIN_HISTORY_DAYS, since)
    middle = sorted_quantile(by_day, 0.5)
    typical = trailing_quantile(middle, HISTORY_DAYS, 0.5, MIN_HISTORY_DAYS, since)
    moves = (quiet > LEAST_STEP_SHARE * typical)[..., None]
    slack = (STEP_FLOOR_SHARE * typical)[..., None]
    blocks = daily(movement, rhythm.per_day)
    ratio = (quiet[..., None] + slack) / np.where(moves, blocks + slack, 1.0)
    still = np.where(moves, np.log(np.maximum(ratio, 1.0)), 0.0)
    return np.where(np.isfinite(movement), still.reshape(values.shape), np.nan).astype(values.dtype)
