"""Anomalies of machines, found by the production classes with other columns.

At minutes "ours" is `ml.neighbour_anomaly`, at the hour `ml.anomaly`; the other of the two stands
beside it. Which of them is for which grain is chosen on half of the machines; `pr_auc_proof` is of
the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from statistics import mean
from typing import NamedTuple

import numpy as np

from benchmarks.ml.alarm_scores import (
    ALARMS_PER_DAY,
    GAP_MINUTES,
    score_metrics,
    threshold_metrics,
)
from benchmarks.ml.anomaly_peers import naive_scores, peer_scores
from benchmarks.ml.machines import ASD, SMD, Machine, MachineSet, machines
from benchmarks.ml.nab import nab
from benchmarks.ml.results import Score, SetResult
from ml import anomaly, neighbour_anomaly
from ml.anomaly_backtest import Fitted
from ml.anomaly_params import EXTRAS, AnomalyParams
from ml.grid import Floats, grid_of

GOALS = {
    "asd": {"pr_auc": 0.46, "best_f1": 0.50, "recall_at_budget": 0.65},
    "smd": {"pr_auc": 0.62, "best_f1": 0.66, "recall_at_budget": 0.38},
}
METRICS = ("pr_auc", "best_f1", "recall_at_budget")
DETECTORS: dict[str, Callable[..., Fitted]] = {
    "forest": anomaly.fit,
    "neighbours": neighbour_anomaly.fit,
}


class Trial(NamedTuple):
    """What each method reached on one machine: its metrics by method."""

    machine: str
    of: dict[str, dict[str, float]]
    rows: int
    seconds: float


def machine_set(
    name: str,
    chosen: MachineSet,
    ours: str,
    goals: Mapping[str, float],
    form: Callable[[Machine], Machine] | None = None,
) -> SetResult:
    """Fit on the training rows, score the test rows, mean over machines."""
    smoothing = chosen.smoothing if form is None else 1
    shown = [form(each) if form else each for each in machines(chosen)]
    trials = [try_on(machine, smoothing, ours) for machine in shown]
    naive = max(("static z", "hourly z"), key=lambda z: mean(t.of[z]["pr_auc"] for t in trials))
    proof = [trial for trial in trials if trial.machine not in chosen.chosen_on]
    days = [len(each) / shown[0].per_day for each in (shown[0].train, shown[0].test)]
    won = sum(t.of[ours]["pr_auc"] > t.of[naive]["pr_auc"] for t in trials)
    return SetResult(
        name=name,
        split=f"official: {len(trials)} machines, {days[0]:.0f} days, then {days[1]:.0f} ({ours})",
        baseline="better z",
        compared_by="pr_auc",
        scores=[
            *(score_of(metric, trials, ours, goals.get(metric)) for metric in METRICS),
            score_of("pr_auc", proof, ours, None, "pr_auc_proof"),
            trained("alarms_per_day", trials, ours),
            trained("recall", trials, ours),
        ],
        rows_per_s=sum(t.rows for t in trials) / sum(t.seconds for t in trials),
        won=(won, len(trials)),
    )


def score_of(
    metric: str, trials: list[Trial], ours: str, goal: float | None, name: str | None = None
) -> Score:
    """A metric, mean over machines; naive is the better of both robust z."""
    means = {method: mean(t.of[method][metric] for t in trials) for method in trials[0].of}
    value, naive = means.pop(ours), max(means.pop("static z"), means.pop("hourly z"))
    return Score(name or metric, value, naive, goal, is_higher_better=True, peers=means)


def trained(metric: str, trials: list[Trial], ours: str) -> Score:
    """What comes of the threshold chosen in training, for 0.5 alarms a day."""
    means = {name: mean(t.of[name][f"trained_{metric}"] for t in trials) for name in DETECTORS}
    return Score(f"{metric}_as_trained", means.pop(ours), None, peers=means)


def try_on(machine: Machine, smoothing: int, ours: str) -> Trial:
    """All methods on one machine."""
    params = params_of(machine)
    frame = machine.frame()
    grid = grid_of(frame, params.axis, params.metrics, EXTRAS)
    cut, rows = len(machine.train), len(machine.test)
    of, seconds = {}, 0.0
    for name, fit in DETECTORS.items():
        model = fit(frame, params, machine.train_end())
        started = time.perf_counter()
        raw = model.scores(grid, cut)[0][0][:rows]
        if name == ours:
            seconds = time.perf_counter() - started
        flagged = np.nan_to_num(raw, nan=-np.inf) >= model.threshold
        as_trained = threshold_metrics(flagged, machine.is_odd, machine.step_minutes)
        of[name] = measured(np.nan_to_num(raw, nan=np.nanmin(raw)), machine)
        of[name] |= {f"trained_{key}": value for key, value in as_trained.items()}
    others = naive_scores(machine, smoothing) | peer_scores(machine, smoothing)
    of |= {name: measured(scores, machine) for name, scores in others.items()}
    return Trial(machine.name, of, rows, seconds)


def measured(scores: Floats, machine: Machine) -> dict[str, float]:
    return score_metrics(scores, machine.is_odd, machine.step_minutes)


def params_of(machine: Machine) -> AnomalyParams:
    """The production settings on columns without names, for the budget of the comparison."""
    return AnomalyParams(
        metrics=machine.columns,
        log_metrics=(),
        growth_metrics=(),
        reset_metrics=(),
        axis=machine.axis,
        alerts_per_device_week=7 * ALARMS_PER_DAY,
        alert_gap=GAP_MINUTES // machine.step_minutes,
    )


SETS: dict[str, Callable[[], SetResult]] = {
    "asd": partial(machine_set, "asd", ASD, "neighbours", GOALS["asd"]),
    "smd": partial(machine_set, "smd", SMD, "neighbours", GOALS["smd"]),
    "asd_hourly": partial(machine_set, "asd_hourly", ASD, "forest", {}, Machine.hourly),
    "nab": nab,
}
