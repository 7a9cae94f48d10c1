"""Long frames of regular series (unique_id, ds, y) as one dense table, and back to times.

Row order never matters: series are sorted, steps counted from the oldest time of the frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.capacity_params import COLUMNS
from ml.grid import Floats, Ints

ONE_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """How ds and step numbers translate; `step` is None where ds counts steps itself.

    Steps of whole days are days of the wall clock, so that local midnights stay one step apart
    across a clock change; shorter steps are counted in UTC.
    """

    step: pd.Timedelta | None
    origin: pd.Timestamp | None
    zone: Any
    dtype: Any

    def numbers(self, ds: pd.Series[Any]) -> Ints:
        """Steps since the origin, int64; raises ValueError for absent or off-grid times."""
        if ds.isna().any():
            raise ValueError("column ds holds rows without a time")
        if self.step is None or self.origin is None:
            return ds.to_numpy(dtype=np.int64)
        steps, rest = np.divmod(
            (self._plain(ds) - self.origin).dt.as_unit("ns").astype("int64").to_numpy(),
            self.step.value,
        )
        if rest.any():
            raise ValueError(f"column ds is not on steps of {self.step}")
        return np.asarray(steps, dtype=np.int64)

    def moments(self, numbers: Ints) -> pd.Series[Any]:
        """The ds of step numbers, in the type they came in."""
        if self.step is None or self.origin is None:
            return pd.Series(numbers).astype(self.dtype)
        times = pd.Series(self.origin + pd.to_timedelta(numbers * self.step.value, unit="ns"))
        if self.zone is not None and self._is_wall_clock:
            is_summer = np.ones(len(times), dtype=np.bool_)
            times = times.dt.tz_localize(
                self.zone, ambiguous=is_summer, nonexistent="shift_forward"
            )
        elif self.zone is not None:
            times = times.dt.tz_localize("UTC").dt.tz_convert(self.zone)
        typed: pd.Series[Any] = times.astype(self.dtype)
        return typed

    @property
    def _is_wall_clock(self) -> bool:
        return self.step is not None and self.step % ONE_DAY == pd.Timedelta(0)

    def _plain(self, ds: pd.Series[Any]) -> pd.Series[Any]:
        if self.zone is None:
            return ds
        if not self._is_wall_clock:
            ds = ds.dt.tz_convert("UTC")
        bare: pd.Series[Any] = ds.dt.tz_localize(None)
        return bare


def calendar_of(ds: pd.Series[Any], step: str) -> Calendar:
    """The calendar of integer ds (steps as they are) or of times `step` apart."""
    if pd.api.types.is_integer_dtype(ds.dtype):
        return Calendar(None, None, None, ds.dtype)
    zone = ds.dtype.tz if isinstance(ds.dtype, pd.DatetimeTZDtype) else None
    bare = Calendar(pd.Timedelta(step), None, zone, ds.dtype)
    return Calendar(bare.step, bare._plain(ds).min(), zone, ds.dtype)


@dataclass(frozen=True)
class Table:
    """N series over T steps. `values`: float64 (N, T), NaN where not measured.

    `first`: step number of column 0; `ids`: sorted, (N,).
    """

    calendar: Calendar
    ids: NDArray[Any]
    first: int
    values: Floats

    @property
    def length(self) -> int:
        return int(self.values.shape[1])

    def until(self, columns: int) -> Table:
        """The oldest columns only; every series stays, even with nothing left."""
        return Table(self.calendar, self.ids, self.first, self.values[:, :columns])

    def moment(self, column: int) -> Any:
        """The ds of a column, also of one after the newest."""
        return self.calendar.moments(np.array([self.first + column], dtype=np.int64)).iloc[0]

    def coming(self, steps: int) -> pd.Series[Any]:
        """The ds of the steps after the newest column."""
        after = self.first + self.length
        return self.calendar.moments(np.arange(after, after + steps, dtype=np.int64))

    def actual(self, frame: pd.DataFrame, steps: int) -> Floats:
        """What a long frame says of the `steps` after the newest column, (N, steps), else NaN."""
        column = self.calendar.numbers(as_times(frame["ds"])) - self.first - self.length
        row = pd.Index(self.ids).get_indexer(pd.Index(frame["unique_id"]))
        is_meant = (row >= 0) & (column >= 0) & (column < steps)
        found = np.full((len(self.ids), steps), np.nan)
        y = frame["y"].to_numpy(dtype=np.float64, na_value=np.nan)
        found[row[is_meant], column[is_meant]] = y[is_meant]
        return found


def table_of(frame: pd.DataFrame, step: str) -> Table:
    """Lay out a long frame, in any row order; further columns are ignored.

    ds: integers, dates or times (with zone or without). Infinite y counts as not measured. Raises
    ValueError for absent columns, no rows, times off the steps and rows given twice.
    """
    absent = [name for name in COLUMNS if name not in frame.columns]
    if absent:
        raise ValueError(f"the frame lacks the columns {', '.join(absent)}")
    if frame.empty:
        raise ValueError("the frame has no rows")
    ds = as_times(frame["ds"])
    calendar = calendar_of(ds, step)
    numbers = calendar.numbers(ds)
    ids, row = np.unique(frame["unique_id"].to_numpy(), return_inverse=True)
    first = int(numbers.min())
    shape = (len(ids), int(numbers.max()) - first + 1)
    is_row = np.zeros(shape, dtype=np.bool_)
    is_row[row, numbers - first] = True
    if int(is_row.sum()) != len(frame):
        raise ValueError("the frame has rows with the same unique_id and ds")
    y = frame["y"].to_numpy(dtype=np.float64, na_value=np.nan)
    values = np.full(shape, np.nan)
    values[row, numbers - first] = np.where(np.isfinite(y), y, np.nan)
    return Table(calendar, ids, first, values)


def as_times(ds: pd.Series[Any]) -> pd.Series[Any]:
    """A column of dates as times; others as they are."""
    return pd.to_datetime(ds) if ds.dtype == object else ds
