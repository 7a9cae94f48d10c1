"""A frame of regular series as one dense block of entities by columns by steps.

Models that look back in time work on arrays whose last axis is time, so that windows are slices and
nothing is grouped or joined. Row order never matters: entities are sorted, steps counted from the
epoch, and the block starts at a UTC midnight so that days are runs of equal length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Cells = tuple[NDArray[np.intp], NDArray[np.intp]]

MINUTES_PER_DAY = 1440


@dataclass(frozen=True)
class Axis:
    """Which columns name a row, and how far apart its steps are.

    `step_minutes` must divide an hour or be one, so that an hour of the day is a whole number of
    steps.
    """

    entity: str = "device_key"
    time: str = "hour"
    step_minutes: int = 60

    def __post_init__(self) -> None:
        if self.step_minutes < 1 or 60 % self.step_minutes:
            raise ValueError(f"step_minutes must divide 60, not {self.step_minutes}")

    @property
    def steps_per_day(self) -> int:
        return MINUTES_PER_DAY // self.step_minutes

    def step_numbers(self, times: pd.Series[Any]) -> Ints:
        """Steps since the epoch, int64; raises ValueError for naive or off-grid times."""
        if not isinstance(times.dtype, pd.DatetimeTZDtype):
            raise ValueError(f"column {self.time} must hold time-zone-aware datetimes")
        seconds = times.dt.tz_convert("UTC").dt.as_unit("s")
        if not (seconds == times).all():
            raise ValueError(f"column {self.time} holds a time that is not a whole second, or none")
        steps, rest = np.divmod(seconds.astype("int64").to_numpy(), self.step_minutes * 60)
        if rest.any():
            raise ValueError(f"column {self.time} is not on steps of {self.step_minutes} minutes")
        return np.asarray(steps, dtype=np.int64)

    def step_number(self, moment: pd.Timestamp) -> int:
        """The first step that starts at or after `moment`."""
        return -(-int(moment.timestamp()) // (self.step_minutes * 60))

    def moment(self, step: int) -> pd.Timestamp:
        """When a step starts, UTC."""
        return pd.Timestamp(step * self.step_minutes * 60, unit="s", tz="UTC")


@dataclass(frozen=True)
class Grid:
    """Series of D entities over T steps (whole UTC days), M value columns.

    `values`: float64 (D, M, T), NaN where not measured. `is_row`: bool (D, T), whether the frame
    had the row. `extras`: further columns, float64 (D, T). `first_step`: steps since the epoch of
    column 0.
    """

    axis: Axis
    entities: NDArray[Any]
    first_step: int
    values: Floats
    is_row: Bools
    extras: dict[str, Floats]

    @property
    def length(self) -> int:
        return int(self.values.shape[2])

    def column(self, moment: pd.Timestamp) -> int:
        """Column of the first step at or after `moment`, clipped into 0..T."""
        return min(max(self.axis.step_number(moment) - self.first_step, 0), self.length)

    def moment(self, column: int) -> pd.Timestamp:
        """When a column's step starts, UTC."""
        return self.axis.moment(self.first_step + column)

    def newest_column(self) -> int:
        """Column of the newest row."""
        return int(np.flatnonzero(self.is_row.any(axis=0))[-1])

    def part(self, entities: slice | NDArray[np.intp], columns: slice = slice(None)) -> Grid:
        """Some entities and, from a midnight to a midnight, some columns."""
        return Grid(
            self.axis,
            self.entities[entities],
            self.first_step + (columns.start or 0),
            self.values[entities][..., columns],
            self.is_row[entities][..., columns],
            {name: extra[entities][..., columns] for name, extra in self.extras.items()},
        )


def grid_of(
    frame: pd.DataFrame,
    axis: Axis,
    columns: Sequence[str],
    extras: Mapping[str, float] | None = None,
) -> Grid:
    """Lay out a frame, in any row order.

    `extras` names further columns with the value they have where the frame has none. Raises
    ValueError for absent columns, naive times and rows given twice.
    """
    absent = [name for name in (axis.entity, axis.time, *columns) if name not in frame.columns]
    if absent:
        raise ValueError(f"the frame lacks the columns {', '.join(absent)}")
    if frame.empty:
        raise ValueError("the frame has no rows")
    steps = axis.step_numbers(frame[axis.time])
    entities, row = np.unique(frame[axis.entity].to_numpy(), return_inverse=True)
    first = int(steps.min()) // axis.steps_per_day * axis.steps_per_day
    column = steps - first
    shape = (len(entities), (int(column.max()) // axis.steps_per_day + 1) * axis.steps_per_day)

    is_row = np.zeros(shape, dtype=np.bool_)
    is_row[row, column] = True
    if int(is_row.sum()) != len(frame):
        raise ValueError(f"the frame has rows with the same {axis.entity} and {axis.time}")
    values = np.full((shape[0], len(columns), shape[1]), np.nan)
    for number, name in enumerate(columns):
        cells = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        values[row, number, column] = np.where(np.isfinite(cells), cells, np.nan)
    laid: dict[str, Floats] = {}
    for name, default in (extras or {}).items():
        laid[name] = np.full(shape, default)
        if name in frame.columns:
            cells = frame[name].to_numpy(dtype=np.float64, na_value=default)
            laid[name][row, column] = np.where(np.isnan(cells), default, cells)
    return Grid(axis, entities, first, values, is_row, laid)
