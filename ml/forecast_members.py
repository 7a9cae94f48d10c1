"""Plain forecasts that need nothing but a series' own past; the pool every series chooses from.

All take values (n, T), T > season, oldest first and without gaps, and give (n, horizon).
"""

from __future__ import annotations

import numpy as np

from ml.grid import Floats

LAST, SEASONAL_NAIVE, FALLBACK = "last_value", "seasonal_naive", "blend"
EVER = 1e9
ALPHAS = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0])
BLENDED = (
    "season_and_median",
    "season_and_smoothing",
    "recent_median",
    "phase_median_recent",
    "phase_median_slow",
)


def plain_members(values: Floats, horizon: int, season: int) -> dict[str, Floats]:
    """Every plain member by name, always the same names in the same order.

    Half-lives were chosen for weeks of days and are kept as shares of the season.
    """
    length = values.shape[1]
    ahead = np.arange(horizon)
    unit = season / 7
    effects = phase_effects(values, season)
    rest = values - effects[:, np.arange(length) % season]
    coming = effects[:, (length + ahead) % season]

    def level(halflife: float) -> Floats:
        return np.repeat(faded_median(values, halflife), horizon, axis=1)

    def by_phase(halflife: float, weight: float) -> Floats:
        medians = phase_medians(values, season, halflife, weight)
        coming_phases: Floats = medians[:, (length + ahead) % season]
        return coming_phases

    last = values[:, -1:]
    found = {
        LAST: np.repeat(last, horizon, axis=1),
        SEASONAL_NAIVE: values[:, -season:][:, ahead % season],
        "drift": last + (ahead + 1) * usual_growth(values, season),
        "recent_median": level(3 * unit),
        "slow_median": level(7 * unit),
        "all_median": level(EVER),
        "phase_median_recent": by_phase(unit, 10.0),
        "phase_median_slow": by_phase(7 * unit, 10.0),
        "phase_median_all": by_phase(EVER, 10.0),
        "phase_median_alone": by_phase(7 * unit, 1000.0),
        "smoothing": np.repeat(smoothed_level(values), horizon, axis=1),
        "season_and_median": faded_median(rest, 3 * unit) + coming,
        "season_and_smoothing": smoothed_level(rest) + coming,
    }
    found[FALLBACK] = np.median([found[name] for name in BLENDED], axis=0)
    return found


def seasonal_scale(values: Floats, season: int) -> Floats:
    """Mean absolute difference to the value a season before, (n,): what MASE divides by."""
    scale: Floats = np.abs(values[:, season:] - values[:, :-season]).mean(axis=1)
    return scale


def error_unit(values: Floats, season: int) -> Floats:
    """`seasonal_scale`, (n,), never quite zero, so that errors can be divided by it."""
    least = 1e-6 * np.abs(values).mean(axis=1) + 1e-12
    unit: Floats = np.maximum(seasonal_scale(values, season), least)
    return unit


def usual_growth(values: Floats, season: int) -> Floats:
    """Median growth over a season, per step, (n, 1).

    A disk that fills steadily and is cleaned up now and then grows; noise around a level does not.
    """
    growth = np.median(values[:, season:] - values[:, :-season], axis=1, keepdims=True)
    per_step: Floats = growth / season
    return per_step


def faded_median(values: Floats, halflife: float) -> Floats:
    """Median of the past, weights halving every `halflife` steps of age, (n, 1)."""
    age = np.arange(values.shape[1])[::-1]
    return weighted_median(values, np.exp2(-age / halflife))[:, None]


def phase_medians(values: Floats, season: int, halflife: float, weight: float) -> Floats:
    """Faded median per phase (column number modulo season), (n, season).

    Values of the same phase weigh `weight` times as much as the others: few cycles say little
    about a phase, so the others still speak.
    """
    steps = np.arange(values.shape[1])
    faded = np.exp2(-steps[::-1] / halflife)
    medians = np.empty((len(values), season))
    for phase in range(season):
        favoured = np.where(steps % season == phase, weight, 1.0)
        medians[:, phase] = weighted_median(values, faded * favoured)
    return medians


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Weighted median of each row, (n,), weights (T,) shared by the rows.

    Each sorted value sits at the middle of its share of the total weight; between neighbours the
    median is interpolated.
    """
    order = np.argsort(values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    share = weights[order]
    middle = (np.cumsum(share, axis=1) - share / 2) / share.sum(axis=1, keepdims=True)
    above = np.clip((middle < 0.5).sum(axis=1), 0, values.shape[1] - 1)
    below = np.maximum(above - 1, 0)
    rows = np.arange(len(values))
    gap = middle[rows, above] - middle[rows, below]
    part = np.clip((0.5 - middle[rows, below]) / np.where(gap > 0, gap, 1.0), 0.0, 1.0)
    step = np.where(gap > 0, part, 0.0) * (ranked[rows, above] - ranked[rows, below])
    median: Floats = ranked[rows, below] + step
    return median


def smoothed_level(values: Floats) -> Floats:
    """Level of simple exponential smoothing, (n, 1).

    Of `ALPHAS` each series takes the one with the least sum of squared one-step errors.
    """
    level = np.repeat(values[:, :1], len(ALPHAS), axis=1)
    loss = np.zeros_like(level)
    for step in range(1, values.shape[1]):
        error = values[:, step : step + 1] - level
        loss += error * error
        level = level + ALPHAS * error
    best = np.argmin(loss, axis=1)
    return np.take_along_axis(level, best[:, None], axis=1)


def phase_effects(values: Floats, season: int) -> Floats:
    """What each phase adds to the level, (n, season), column number modulo season.

    Median over cycles of the value minus the median of the season around it; at the ends the
    nearest whole season stands in. Their own median is taken off, so that they add no level.
    """
    length = values.shape[1]
    starts = np.clip(np.arange(length) - season // 2, 0, length - season)
    windows = np.lib.stride_tricks.sliding_window_view(values, season, axis=1)
    rest = values - np.median(windows, axis=-1)[:, starts]
    effects = np.stack([np.median(rest[:, p::season], axis=1) for p in range(season)], axis=1)
    centred: Floats = effects - np.median(effects, axis=1, keepdims=True)
    return centred
