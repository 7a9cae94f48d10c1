"""Past folds on which members are tried: only settings that did well there are used.

A fold trains on rows that could be learned from when its test stretch began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ml.grid import Bools, Floats
from ml.incident_params import IncidentParams
from ml.members import fit_members

LEAST_OF_EACH = 10


@dataclass(frozen=True)
class Trial:
    """A test stretch of n rows: labels, the day of each, and what each member said, float64 (n,).

    `recent_rate` is the share of events in the newest rows trained on, as many days as a fold has.
    """

    labels: Floats
    days: NDArray[Any]
    recent_rate: float
    probabilities: dict[str, Floats]


@dataclass(frozen=True)
class TimeFold:
    """Rows test_start <= as_of < test_end are the test; `number` 1 is the oldest."""

    number: int
    test_start: pd.Timestamp
    test_end: pd.Timestamp


def time_folds(rows: pd.DataFrame, params: IncidentParams) -> list[TimeFold]:
    """`params.folds` stretches that end with the day after the newest row, newest last."""
    if rows.empty:
        return []
    end = rows[params.as_of].max() + pd.Timedelta(days=1)
    length = pd.Timedelta(days=params.fold_days)
    starts = [end - back * length for back in range(params.folds, 0, -1)]
    return [TimeFold(1 + place, start, start + length) for place, start in enumerate(starts)]


def learnable(frame: pd.DataFrame, params: IncidentParams, origin: pd.Timestamp) -> pd.DataFrame:
    """Rows whose label can be trusted at `origin`."""
    known = frame[params.label].notna() & (frame[params.as_of] <= origin - params.embargo)
    if params.label_known_at is not None:
        known &= frame[params.label_known_at] <= origin
    return frame[known]


def newest_known(labelled: pd.DataFrame, params: IncidentParams) -> pd.Timestamp:
    """The first moment at which every label can be trusted."""
    origin = labelled[params.as_of].max() + params.embargo
    if params.label_known_at is not None:
        origin = max(origin, labelled[params.label_known_at].max())
    return pd.Timestamp(origin)


def within(rows: pd.DataFrame, params: IncidentParams, fold: TimeFold) -> pd.DataFrame:
    """Rows of the test stretch."""
    times = rows[params.as_of]
    return rows[(times >= fold.test_start) & (times < fold.test_end)]


def has_both(rows: pd.DataFrame, params: IncidentParams) -> bool:
    """Whether there are ten rows of each label: fewer teach nothing and judge nothing."""
    events = int(rows[params.label].sum())
    return min(events, len(rows) - events) >= LEAST_OF_EACH


def trials_of(rows: pd.DataFrame, params: IncidentParams) -> Iterator[Trial]:
    """One trial for each fold with enough of both labels before and in it, newest last."""
    for fold in time_folds(rows, params):
        old, new = learnable(rows, params, fold.test_start), within(rows, params, fold)
        if not (has_both(old, params) and has_both(new, params)):
            continue
        yield Trial(
            labels=new[params.label].to_numpy(dtype=np.float64),
            days=new[params.as_of].dt.floor("D").to_numpy(),
            recent_rate=recent_rate(old, params),
            probabilities=fit_members(old, params).probabilities(new),
        )


def recent_rate(rows: pd.DataFrame, params: IncidentParams) -> float:
    """Share of events among the newest `fold_days` of rows."""
    times = rows[params.as_of]
    is_recent: Bools = (times >= times.max() - pd.Timedelta(days=params.fold_days)).to_numpy()
    return float(rows[params.label].to_numpy(dtype=np.float64)[is_recent].mean())
