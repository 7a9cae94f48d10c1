"""The challenger of `ml.anomaly`, for steps of minutes: is a step near anything the device did?

Each step is the point of its readings (`ml.neighbour_readings`); its oddness is the distance to the
fifth nearest of a thousand steps of the device's reference period (`ml.neighbours`), in units of
what the device itself reaches there. Settings, output and alert budget are those of the Isolation
Forest. The reference period is the training period and stays fixed until the next training, so that
an anomaly of two days does not become the rule on its second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml.alerts import budget_threshold
from ml.anomaly_output import NOT_MEASURED, Found, output_frame, predicted
from ml.anomaly_params import COVERAGE, EXTRAS, AnomalyParams
from ml.baseline import robust_z
from ml.factors import Factor, contributions_of, named
from ml.grid import Bools, Floats, Grid, Ints, grid_of
from ml.judging import still_masked
from ml.neighbour_device import LEAST_DAYS, Device, Oddness, devices_of, oddness_of
from ml.neighbour_readings import READINGS, least_of, long_window
from ml.parts import by_parts
from ml.rarity import on_log_scale
from ml.sampling import training_part
from ml.tails import Tail, tail_of
from ml.transforms import as_measured, transformed

NO_REFERENCE = f"less than {LEAST_DAYS} days in the training period"
DEVICES_AT_ONCE = 8
LEAST_LOG_EXCESS = 0.05


@dataclass(frozen=True)
class NeighbourModel:
    """A fitted model; `train_start` and `train_end` bound the reference period, end excluded.

    `floor`: float32 (4, M), the least spread of a reading; `least_reach` likewise of a device's
    reach; `baseline_floor`: (M,). A device's reference is rebuilt from the frame on every call:
    scoring needs its rows from `train_start` on.
    """

    params: AnomalyParams
    floor: Floats
    least_reach: float
    baseline_floor: Floats
    score_tail: Tail
    threshold: float
    baseline_threshold: float
    train_start: pd.Timestamp
    train_end: pd.Timestamp
    rows: int

    def predict(self, frame: pd.DataFrame, score_from: pd.Timestamp | None = None) -> pd.DataFrame:
        """Score every row at or after `score_from`, as `ml.anomaly.AnomalyModel.predict` does."""
        return predicted(frame, self.params, score_from, DEVICES_AT_ONCE, self._scored)

    def scores(self, grid: Grid, first: int) -> tuple[Floats, Floats]:
        """Raw and baseline scores from column `first` on, (D, T - first), NaN where not scored."""
        raw, baseline = zip(*by_parts(grid, DEVICES_AT_ONCE, self._grids), strict=True)
        return np.concatenate(raw)[:, first:], np.concatenate(baseline)[:, first:]

    def _devices(self, grid: Grid) -> Iterator[tuple[Device, Oddness | None]]:
        start, end = grid.column(self.train_start), grid.column(self.train_end)
        for device in devices_of(grid, self.params, start, end):
            known = device.usual is not None
            yield device, oddness_of(device, self.floor, self.params) if known else None

    def _grids(self, grid: Grid) -> tuple[Floats, Floats]:
        baseline, _ = naive(grid, self.params, self.baseline_floor, slice(0))
        raw = np.full(grid.is_row.shape, np.nan)
        for row, (_, odd) in enumerate(self._devices(grid)):
            if odd is not None:
                raw[row] = odd.raw(self.least_reach)
        return raw, np.where(np.isfinite(raw), baseline, np.nan)

    def _scored(self, grid: Grid, first: int) -> pd.DataFrame:
        baseline, _ = naive(grid, self.params, self.baseline_floor, slice(0))
        found = []
        for row, (device, odd) in enumerate(self._devices(grid)):
            alone = grid.part(slice(row, row + 1))
            steps = first + np.flatnonzero(alone.is_row[0, first:])
            raw = np.full(len(steps), np.nan)
            if odd is not None:
                raw = odd.raw(self.least_reach)[steps]
            flagged = np.where(np.isfinite(raw), raw, -np.inf) >= self.threshold
            factors = np.full(len(steps), None, dtype=object)
            if odd is not None:
                causes = self._factors(alone, device, odd, steps[flagged])
                for place, parts in zip(np.flatnonzero(flagged), causes, strict=True):
                    factors[place] = parts
            reason = np.where(device.is_measured[steps], NO_REFERENCE, NOT_MEASURED).astype(object)
            reason[np.isfinite(raw)] = None
            said = Found(
                raw=raw,
                rarity=self.score_tail(on_log_scale(raw)),
                baseline=baseline[row, steps],
                is_flagged=flagged,
                coverage=coverage_of(device, alone)[steps],
                reason=reason,
                factors=factors,
            )
            cells = (np.zeros(len(steps), dtype=np.intp), steps)
            found.append(output_frame(alone, cells, self.params, said))
        return pd.concat(found, ignore_index=True)

    def _factors(self, grid: Grid, device: Device, odd: Oddness, steps: Ints) -> list[list[Factor]]:
        """What made some steps of a device odd: each metric read as usual, and measured again."""
        if device.usual is None or not len(steps):
            return []
        metrics = len(self.params.metrics)
        points = device.points(self.floor)[steps].reshape(-1, len(READINGS), metrics)
        days = device.days[steps]

        def scores(states: list[Bools]) -> Floats:
            shown = np.concatenate([points * state for state in states])
            flat = np.ascontiguousarray(shown.reshape(len(shown), -1), dtype=np.float32)
            far = odd.neighbours.distances(flat, np.tile(days, len(states)))
            return far.reshape(len(states), -1) / max(odd.reach, self.least_reach)

        usual = device.usual.median[:, None] + device.usual.seasonal(grid.length, grid.axis)
        cells = (np.zeros(len(steps), dtype=np.intp), steps)
        return named(
            self.params.metrics,
            value=grid.values[0, :, steps],
            expected=as_measured(usual[None], grid, cells, self.params.forms),
            contributions=contributions_of(metrics, scores),
            oddest=np.abs(points).max(axis=1),
            is_known=np.isfinite(device.readings[0][:, steps]).T,
        )


def fit(
    frame: pd.DataFrame, params: AnomalyParams, train_end: pd.Timestamp | None = None
) -> NeighbourModel:
    """Fit on the `train_days` before `train_end`, as `ml.anomaly.fit` does.

    Raises ValueError as `predict` does, and if no device was measured on two days.
    """
    return fit_grid(grid_of(frame, params.axis, params.metrics, EXTRAS), params, train_end)


def fit_grid(
    grid: Grid, params: AnomalyParams, train_end: pd.Timestamp | None = None
) -> NeighbourModel:
    """`fit` for a frame already laid out."""
    grid, start, end = training_part(grid, params, train_end)
    per_day = params.axis.steps_per_day
    parts = by_parts(grid, DEVICES_AT_ONCE, lambda part: devices_of(part, params, start, end))
    devices = [device for part in parts for device in part]
    known = [row for row, device in enumerate(devices) if device.usual is not None]
    if not known:
        raise ValueError(
            f"too little to learn from: no device was measured on {LEAST_DAYS} days, outside "
            f"incidents, between {grid.moment(start)} and {grid.moment(end)}"
        )
    floor = least_of(np.stack([devices[row].spread for row in known]))
    odd = [oddness_of(devices[row], floor, params) for row in known]
    least_reach = float(least_of(np.array([[each.reach] for each in odd]))[0])
    raw = np.full(grid.is_row.shape, np.nan)
    for row, each in zip(known, odd, strict=True):
        raw[row] = np.where(devices[row].teaches, each.raw(least_reach), np.nan)
    baseline, baseline_floor = naive(
        grid, params, None, slice(start // per_day, -(-end // per_day))
    )
    rows = int(np.isfinite(raw).sum())
    alerts = params.alerts_per_device_week * rows / (7 * per_day)
    return NeighbourModel(
        params=params,
        floor=floor,
        least_reach=least_reach,
        baseline_floor=baseline_floor,
        score_tail=tail_of(on_log_scale(raw), LEAST_LOG_EXCESS),
        threshold=budget_threshold(raw, alerts, params.alert_gap),
        baseline_threshold=budget_threshold(
            np.where(np.isfinite(raw), baseline, np.nan), alerts, params.alert_gap
        ),
        train_start=grid.moment(start),
        train_end=grid.moment(end),
        rows=rows,
    )


def naive(
    grid: Grid, params: AnomalyParams, known_floor: Floats | None, reference: slice
) -> tuple[Floats, Floats]:
    """The naive baseline of `ml.judging`, without the forest's readings."""
    levels = transformed(grid, replace(params.forms, growth=[]))
    is_masked = still_masked(grid, long_window(grid.axis))
    return robust_z(levels, is_masked, grid.axis.steps_per_day, known_floor, reference)


def coverage_of(device: Device, grid: Grid) -> Floats:
    """Share of the metrics the device has that were measured, times that of samples; (T,)."""
    measured = np.isfinite(device.values) & device.is_known[:, None]
    share = measured.sum(axis=0) / max(int(device.is_known.sum()), 1)
    coverage: Floats = share * np.clip(grid.extras[COVERAGE][0], 0.0, 1.0)
    return coverage
