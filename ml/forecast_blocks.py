"""Series that can be forecast, as blocks of one length without gaps; a reason for all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.capacity_params import CapacityParams
from ml.forecast_table import Table
from ml.grid import Bools, Floats, Ints

LEAST_MEASURED = 0.5


@dataclass(frozen=True)
class Block:
    """n series of T values, float64 (n, T); `rows`: their positions in the table, (n,).

    `lag`: how many steps before the newest column of the table their last value lies.
    """

    rows: Ints
    values: Floats
    lag: int

    @property
    def length(self) -> int:
        return int(self.values.shape[1])

    @property
    def moves(self) -> Bools:
        """Whether a series ever changed, (n,)."""
        return np.asarray(np.ptp(self.values, axis=1) > 0, dtype=np.bool_)

    def of(self, chosen: Bools) -> Block:
        """Some of the series."""
        return Block(self.rows[chosen], self.values[chosen], self.lag)


def blocks_of(table: Table, params: CapacityParams) -> tuple[list[Block], NDArray[np.object_]]:
    """The blocks, and per series of the table None or why it is in no block, (N,).

    A series runs from its first to its last value. Gaps between them are filled by straight lines:
    inside history only, nothing is filled before the first value or after the last.
    """
    is_known = np.isfinite(table.values)
    counts = is_known.sum(axis=1)
    first = np.argmax(is_known, axis=1)
    last = table.length - 1 - np.argmax(is_known[:, ::-1], axis=1)
    span = np.where(counts > 0, last - first + 1, 0)
    lag = table.length - 1 - last
    reasons = np.full(len(table.ids), None, dtype=object)
    members: dict[tuple[int, int], list[int]] = {}
    for row in range(len(table.ids)):
        reasons[row] = _reason(int(counts[row]), int(span[row]), int(lag[row]), params)
        if reasons[row] is None:
            members.setdefault((int(span[row]), int(lag[row])), []).append(row)
    blocks = []
    for (length, behind), rows in sorted(members.items()):
        end = table.length - behind
        values = filled(table.values[rows, end - length : end])
        blocks.append(Block(np.array(rows, dtype=np.int64), values, behind))
    return blocks, reasons


def _reason(count: int, span: int, lag: int, params: CapacityParams) -> str | None:
    if count == 0:
        return "not scored: no value was ever measured"
    if lag > params.most_stale:
        return f"not scored: no value in the newest {lag} steps"
    if span < params.least_history:
        return f"not scored: {span} steps of history, {params.least_history} needed"
    if count < LEAST_MEASURED * span:
        return f"not scored: {count} of {span} steps were measured, half of them needed"
    return None


def filled(values: Floats) -> Floats:
    """A copy of (n, T) values whose first and last columns are known, gaps filled by lines."""
    result = values.copy()
    steps = np.arange(values.shape[1])
    for row in np.flatnonzero(~np.isfinite(values).all(axis=1)):
        is_known = np.isfinite(values[row])
        result[row] = np.interp(steps, steps[is_known], values[row, is_known])
    return result
