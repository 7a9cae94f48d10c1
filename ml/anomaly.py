"""M1, infrastructure anomaly: which device-hours are unlike anything the device usually does?

An IsolationForest (Liu, Ting, Zhou, ICDM 2008) over seven rarities per device and step (`FEATURES`;
`ml.residuals` has the readings, `ml.rarity` the statistics), behind a scaler and, if asked for, a
PCA, in one scikit-learn pipeline. Training knows no label; known incidents and maintenance are left
out. The threshold comes from an alert budget, never from a contamination.

What is usual for a device is rebuilt from the frame on every call, so `predict` needs history
before the first step to score: `AnomalyParams.history_days` for the same answers as ever, less for
rougher ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ml.alerts import budget_threshold
from ml.anomaly_output import NOT_MEASURED, OUTPUT, Found, output_frame, predicted
from ml.anomaly_params import EXTRAS, AnomalyParams
from ml.factors import factors_at
from ml.forest import new_pipeline, oddness
from ml.grid import Floats, Grid, grid_of
from ml.judging import FleetFloors, Judged, judge
from ml.parts import by_parts
from ml.rarity import FEATURES, Rarities, magnitudes_at, rarities_of
from ml.residuals import MIN_HISTORY_DAYS, Floors
from ml.sampling import LEAST_STEPS, training_part, training_steps
from ml.tails import Tail, tail_of
from ml.too_little import TooLittle

__all__ = ["FEATURES", "OUTPUT", "AnomalyModel", "AnomalyParams", "fit", "fit_grid"]

TOO_NEW = f"less than {MIN_HISTORY_DAYS} days of history"
DEVICES_AT_ONCE = 32
STEPS_AT_ONCE = 50_000
LEAST_SCORE_EXCESS = 1e-3


@dataclass(frozen=True)
class AnomalyModel:
    """A fitted model; `train_start` and `train_end` bound its training rows, end excluded."""

    params: AnomalyParams
    floors: FleetFloors
    rarities: Rarities
    pipeline: Pipeline
    score_tail: Tail
    threshold: float
    baseline_threshold: float
    train_start: pd.Timestamp
    train_end: pd.Timestamp
    rows: int

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the forest's inputs."""
        return FEATURES

    def state(self) -> dict[str, Any]:
        """See `ml.artifact.Storable`."""
        return {
            "params": asdict(self.params),
            "pipeline": self.pipeline,
            "floors": asdict(self.floors),
            "rarities": [
                [None if tail is None else asdict(tail) for tail in tails]
                for tails in self.rarities.tails
            ],
            "score_tail": asdict(self.score_tail),
            "threshold": self.threshold,
            "baseline_threshold": self.baseline_threshold,
            "train_start": self.train_start.isoformat(),
            "train_end": self.train_end.isoformat(),
            "rows": self.rows,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """See `ml.artifact.Storable`."""
        floors = state["floors"]
        return cls(
            params=AnomalyParams.of(state["params"]),
            floors=FleetFloors(Floors(**floors["readings"]), floors["baseline"]),
            rarities=Rarities(
                tuple(
                    tuple(None if tail is None else Tail(**tail) for tail in tails)
                    for tails in state["rarities"]
                )
            ),
            pipeline=state["pipeline"],
            score_tail=Tail(**state["score_tail"]),
            threshold=state["threshold"],
            baseline_threshold=state["baseline_threshold"],
            train_start=pd.Timestamp(state["train_start"]),
            train_end=pd.Timestamp(state["train_end"]),
            rows=state["rows"],
        )

    def predict(self, frame: pd.DataFrame, score_from: pd.Timestamp | None = None) -> pd.DataFrame:
        """Score every row at or after `score_from`, earlier ones being history.

        Returns one row per row, sorted by entity and time, as `output_frame` lays them out. Raises
        ValueError for a frame without the columns named in the params, with naive times or with a
        row given twice.
        """
        return predicted(frame, self.params, score_from, DEVICES_AT_ONCE, self._scored)

    def scores(self, grid: Grid, first: int) -> tuple[Floats, Floats]:
        """Raw and baseline scores from column `first` on, (D, T - first), NaN where not scored."""
        parts = by_parts(grid, DEVICES_AT_ONCE, lambda part: self._grids(part, first))
        raw, baseline = zip(*parts, strict=True)
        return np.concatenate(raw), np.concatenate(baseline)

    def raw_scores(self, magnitudes: Floats) -> Floats:
        """Oddness of n steps, about 0.3 to 1, from their magnitudes, (features, n, M)."""
        return oddness(self.pipeline, self.rarities, magnitudes)

    def _raw(self, judged: Judged, first: int) -> Floats:
        cells = np.nonzero(judged.can_be_scored[:, first:])
        raw = np.full((len(judged.grid.entities), judged.grid.length - first), np.nan)
        raw[cells] = self.raw_scores(magnitudes_at(judged.readings, (cells[0], cells[1] + first)))
        return raw

    def _grids(self, grid: Grid, first: int) -> tuple[Floats, Floats]:
        judged = judge(grid, self.params, self.floors, slice(0), first)
        baseline = np.where(judged.can_be_scored, judged.baseline, np.nan)
        return self._raw(judged, first), baseline[:, first:]

    def _scored(self, grid: Grid, first: int) -> pd.DataFrame:
        judged = judge(grid, self.params, self.floors, slice(0), first)
        device, step = np.nonzero(grid.is_row[:, first:])
        raw = self._raw(judged, first)[device, step]
        step = step + first
        is_scored = judged.can_be_scored[device, step]
        is_flagged = is_scored & (raw >= self.threshold)
        factors = np.full(len(device), None, dtype=object)
        flagged = np.flatnonzero(is_flagged)
        named = factors_at(judged, (device[flagged], step[flagged]), self.params, self.raw_scores)
        for row, parts in zip(flagged, named, strict=True):
            factors[row] = parts
        reason = np.where(judged.is_measured[device, step], TOO_NEW, NOT_MEASURED).astype(object)
        reason[is_scored] = None
        found = Found(
            raw=raw,
            rarity=self.score_tail(raw),
            baseline=judged.baseline[device, step],
            is_flagged=is_flagged,
            coverage=judged.coverage[device, step],
            reason=reason,
            factors=factors,
        )
        return output_frame(grid, (device, step), self.params, found)


def fit(
    frame: pd.DataFrame, params: AnomalyParams, train_end: pd.Timestamp | None = None
) -> AnomalyModel:
    """Fit on the `train_days` before `train_end` (default: after the newest row).

    Rows before that are history, rows from `train_end` on are not looked at. Raises ValueError as
    `predict` does, and `TooLittle` for too little history.
    """
    return fit_grid(grid_of(frame, params.axis, params.metrics, EXTRAS), params, train_end)


def fit_grid(
    grid: Grid, params: AnomalyParams, train_end: pd.Timestamp | None = None
) -> AnomalyModel:
    """`fit` for a frame already laid out."""
    grid, start, end = training_part(grid, params, train_end)
    per_day = params.axis.steps_per_day
    judged = judge(grid, params, None, slice(start // per_day, -(-end // per_day)))
    teaches = training_steps(judged, start, end)
    cells = np.nonzero(teaches)
    if len(cells[0]) < LEAST_STEPS:
        raise TooLittle(
            f"too little to learn from: {len(cells[0])} device-steps that can be scored, outside "
            f"incidents, between {grid.moment(start)} and {grid.moment(end)}; {LEAST_STEPS} needed"
        )
    random = np.random.default_rng(params.seed)
    sample = np.sort(
        random.choice(len(cells[0]), min(len(cells[0]), params.sample_steps), replace=False)
    )
    magnitudes = magnitudes_at(judged.readings, (cells[0][sample], cells[1][sample]))
    rarities = rarities_of(magnitudes)
    pipeline = new_pipeline(params).fit(rarities.of_steps(magnitudes))

    raw = np.full(teaches.shape, np.nan)
    for part in np.array_split(np.arange(len(cells[0])), -(-len(cells[0]) // STEPS_AT_ONCE)):
        where = (cells[0][part], cells[1][part])
        raw[where] = oddness(pipeline, rarities, magnitudes_at(judged.readings, where))
    alerts = params.alerts_per_device_week * len(cells[0]) / (7 * per_day)
    return AnomalyModel(
        params=params,
        floors=judged.floors,
        rarities=rarities,
        pipeline=pipeline,
        score_tail=tail_of(raw, LEAST_SCORE_EXCESS),
        threshold=budget_threshold(raw, alerts, params.alert_gap),
        baseline_threshold=budget_threshold(
            np.where(teaches, judged.baseline, np.nan), alerts, params.alert_gap
        ),
        train_start=grid.moment(start),
        train_end=grid.moment(end),
        rows=len(cells[0]),
    )
