"""The capacity forecast on public series, each beside last value and seasonal naive.

MASE and WAPE are those of `ml.forecast_measures`: WAPE divides by each series' mean in training and
pools then. That is how ANCHORS.md seems to pool: its naive figures come out so. Series whose
seasonal difference is below 0.5 % of their mean are not judged, except in M4, where all are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.ml import bitbrains, ett, m4
from benchmarks.ml.forecast_scores import (
    NAMES,
    Trial,
    band_scores,
    better_naive,
    halves,
    try_on,
    won,
)
from benchmarks.ml.results import Score, SetResult
from ml.capacity import CapacityParams
from ml.capacity_model import NAIVE
from ml.forecast_members import SEASONAL_NAIVE

GOALS = {
    ("cpu", 30): {"mase": 2.25, "wape": 0.66},
    ("memory", 30): {"mase": 1.50, "wape": 0.29},
    ("cpu", 14): {"mase": 1.48, "wape": 0.505},
    ("memory", 14): {"mase": 0.96, "wape": 0.23},
}
OWA_GOAL = 0.48


def bitbrains_set(metric: str, horizon: int) -> SetResult:
    """Daily CPU or memory of virtual machines, one origin.

    Bands come from how one half of the machines turned out and are judged on the other, both ways
    (mean); the naive method's bands likewise. `coverage_*_past` are those of the bands as fitted,
    from past origins alone, with a history of 60 days less the horizon.
    """
    split = bitbrains.split(metric, horizon)
    trial = try_on(split, CapacityParams(horizon=horizon))
    naive = better_naive(trial)
    coverage, widths = band_scores(halves(trial, split), naive)
    as_fitted, _ = band_scores([trial], naive)
    goals = GOALS[metric, horizon]
    return SetResult(
        name=f"bitbrains_{metric}_{horizon}",
        split=f"{60 - horizon} days from 2013-07-01, then {horizon} days",
        baseline="better naive",
        compared_by="mase",
        scores=[
            _mase([trial], NAIVE, goals["mase"]),
            _wape([trial], NAIVE, goals["wape"]),
            *widths,
            *(
                Score(f"coverage_{100 * level:.0f}_past", found, None, is_higher_better=True)
                for level, found in as_fitted.items()
            ),
        ],
        rows_per_s=trial.cells / trial.seconds,
        won=won(trial, naive),
        coverage=coverage,
    )


def etth1_daily() -> SetResult:
    """Seven daily series, mean of four origins; series win by their mean MASE over the origins.

    The baseline is seasonal naive; the last value, the harder one here, is given as a peer.
    """
    params = CapacityParams(horizon=ett.HORIZON, is_nonnegative=False)
    trials = [try_on(split, params) for split in ett.splits()]
    coverage, widths = band_scores(trials, SEASONAL_NAIVE)
    ours = np.mean([t.judged().mases(t.yhat()) for t in trials], axis=0)
    theirs = np.mean([t.judged().mases(t.naive(SEASONAL_NAIVE)) for t in trials], axis=0)
    return SetResult(
        name="etth1_daily",
        split=f"last {len(trials)} x {ett.HORIZON} days, all days before each",
        baseline=NAMES[SEASONAL_NAIVE],
        compared_by="mase",
        scores=[
            _mase(trials, (SEASONAL_NAIVE,), None),
            _wape(trials, (SEASONAL_NAIVE,), None),
            *widths,
        ],
        rows_per_s=sum(t.cells for t in trials) / sum(t.seconds for t in trials),
        won=(int((ours < theirs).sum()), len(ours)),
        coverage=coverage,
    )


def m4_hourly() -> SetResult:
    """The official split, OWA against the published Naive2; bands from past origins alone.

    Gradient Boosting is the only regressor here: in an experiment all three gave the same
    OWA in four times the time. See `benchmarks.ml.m4` on near-duplicate series before comparing
    with published figures.
    """
    params = CapacityParams(
        season=m4.SEASON,
        long_season=m4.LONG_SEASON,
        horizon=m4.HORIZON,
        learned=("boosting",),
        buckets=(6, 24),
        step="1h",
        most_stale=m4.SEASON,
    )
    trial = try_on(m4.split(), params, is_every_judged=True)
    coverage, widths = band_scores([trial], SEASONAL_NAIVE)
    actual = trial.judged().actual
    forecasts = (trial.yhat(), trial.naive(SEASONAL_NAIVE))
    smapes = [m4.smape(actual, each) for each in forecasts]
    mases = [trial.judged().mase(each) for each in forecasts]
    owas = [m4.owa(*each) for each in zip(smapes, mases, strict=True)]
    return SetResult(
        name="m4_hourly",
        split="official: last 48 hours of 414 series",
        baseline=NAMES[SEASONAL_NAIVE],
        compared_by="owa",
        scores=[
            Score("owa", owas[0], owas[1], OWA_GOAL),
            Score("smape", smapes[0], smapes[1]),
            _mase([trial], (SEASONAL_NAIVE,), None),
            *widths,
        ],
        rows_per_s=trial.cells / trial.seconds,
        won=won(trial, SEASONAL_NAIVE),
        coverage=coverage,
    )


def _mase(trials: list[Trial], naive: tuple[str, ...], goal: float | None) -> Score:
    """MASE beside the best of some naive methods, mean over trials."""
    ours = float(np.mean([t.judged().mase(t.yhat()) for t in trials]))
    each = {n: float(np.mean([t.judged().mase(t.naive(n)) for t in trials])) for n in NAIVE}
    return _beside_naive("mase", ours, each, naive, goal)


def _wape(trials: list[Trial], naive: tuple[str, ...], goal: float | None) -> Score:
    """WAPE beside the best of some naive methods, mean over trials."""
    ours = float(np.mean([t.judged().wape(t.yhat()) for t in trials]))
    each = {n: float(np.mean([t.judged().wape(t.naive(n)) for t in trials])) for n in NAIVE}
    return _beside_naive("wape", ours, each, naive, goal)


def _beside_naive(
    metric: str, ours: float, each: dict[str, float], naive: tuple[str, ...], goal: float | None
) -> Score:
    peers = {NAMES[name]: value for name, value in each.items()}
    return Score(metric, ours, min(each[name] for name in naive), goal, peers=peers)


SETS: dict[str, Callable[[], SetResult]] = {
    "bitbrains_cpu_30": partial(bitbrains_set, "cpu", 30),
    "bitbrains_memory_30": partial(bitbrains_set, "memory", 30),
    "bitbrains_cpu_14": partial(bitbrains_set, "cpu", 14),
    "bitbrains_memory_14": partial(bitbrains_set, "memory", 14),
    "etth1_daily": etth1_daily,
    "m4_hourly": m4_hourly,
}
