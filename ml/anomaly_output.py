"""What a model of anomalies says of each row, as a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.anomaly_params import EXTRAS, AnomalyParams
from ml.grid import Bools, Cells, Floats, Grid, grid_of
from ml.parts import by_parts

OUTPUT = (
    "score",
    "raw_score",
    "baseline_score",
    "severity",
    "is_flagged",
    "coverage",
    "not_scored_reason",
    "factors",
)
NOT_MEASURED = "no metric was measured"

Objects = NDArray[np.object_]


@dataclass(frozen=True)
class Found:
    """What was found out about n rows, each (n,).

    `raw`: the model's own scale. `rarity`: -log10 of the share of training steps at least as odd.
    `reason`: why a row has no score, None where it has; only there the rest counts. `factors`: a
    list of `ml.factors.Factor` where flagged, else None.
    """

    raw: Floats
    rarity: Floats
    baseline: Floats
    is_flagged: Bools
    coverage: Floats
    reason: Objects
    factors: Objects


def predicted(
    frame: pd.DataFrame,
    params: AnomalyParams,
    score_from: pd.Timestamp | None,
    devices: int,
    scored: Callable[[Grid, int], pd.DataFrame],
) -> pd.DataFrame:
    """What `scored` says of each part of a frame from a column on, so many devices at a time."""
    grid = grid_of(frame, params.axis, params.metrics, EXTRAS)
    first = 0 if score_from is None else grid.column(score_from)
    parts = by_parts(grid, devices, lambda part: scored(part, first))
    return pd.concat(parts, ignore_index=True)


def output_frame(grid: Grid, cells: Cells, params: AnomalyParams, found: Found) -> pd.DataFrame:
    """One row per (device, step) cell: entity, time (UTC) and the columns of `OUTPUT`.

    score (0..1, one minus the share of training steps at least as odd), raw_score, baseline_score,
    severity (the worst of `params.severities` whose tail probability it stays below), is_flagged,
    coverage (0..1), not_scored_reason (None where scored), factors (list of `Factor` where flagged,
    else None).
    """
    device, step = cells
    is_scored = pd.isna(found.reason)
    share = 10.0**-found.rarity
    severity: Objects = np.full(len(step), "info", dtype=object)
    for name, below in reversed(params.severities):
        severity[share < below] = name
    severity[~is_scored] = None
    seconds = (grid.first_step + step) * params.axis.step_minutes * 60
    columns: dict[str, Any] = {
        params.axis.entity: grid.entities[device],
        params.axis.time: pd.to_datetime(seconds, unit="s", utc=True),
        "score": np.where(is_scored, 1.0 - share, np.nan),
        "raw_score": np.where(is_scored, found.raw, np.nan),
        "baseline_score": np.where(is_scored, found.baseline, np.nan),
        "severity": severity,
        "is_flagged": found.is_flagged,
        "coverage": np.where(is_scored, found.coverage, 0.0),
        "not_scored_reason": found.reason,
        "factors": found.factors,
    }
    return pd.DataFrame(columns)
