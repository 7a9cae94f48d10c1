"""The capacity forecast beside naive methods, on horizons it has not seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ml.backtest import Measure, backtest_frame
from ml.capacity_fit import fit_table
from ml.capacity_model import NAIVE, Points
from ml.capacity_params import CapacityParams
from ml.forecast_measures import Judge
from ml.forecast_members import LAST, SEASONAL_NAIVE
from ml.forecast_table import Table, table_of
from ml.gate import Gate, Gated
from ml.grid import Bools, Floats, Ints

ALL = "all"
GATE = Gate(ALL, (Gated("mase", is_lower_better=True),))


def backtest(frame: pd.DataFrame, params: CapacityParams) -> pd.DataFrame:
    """Up to `folds` rolling origins, newest last, test horizons that do not overlap.

    Of each fold everything is chosen and fitted anew on what lies before its origin; the `embargo`
    steps after the origin are forecast but not judged, the `horizon` steps behind them are. Returns
    the long frame of `ml.backtest`. Slices: ``all`` and one per horizon bucket (``h1-7``, steps
    after the embargo). Metrics: mase, wape, below_seasonal_naive (share of series whose wape is
    below that of seasonal naive), coverage_80, coverage_95, width (of the 80 % band, in mean
    absolute values of the history); n counts series. `baseline_value` is the better of last value
    and seasonal naive: the lower mase and wape, the share of the last value, the coverage nearer to
    its level, and the width of the one whose 80 % coverage that is. Series that cannot be forecast
    and series that hardly moved (`ml.forecast_measures`) are not judged. No rows where history is
    too short.
    """
    table = table_of(frame, params.step)
    return backtest_frame(
        measure
        for number, origin in enumerate(origins(table.length, params), start=1)
        for measure in fold_measures(table, origin, number, params)
    )


def origins(length: int, params: CapacityParams) -> list[int]:
    """Columns training ends before, oldest first; two seasons of history come before the first."""
    newest = length - params.horizon - params.embargo
    least = params.least_history + params.season
    found = range(newest, least - 1, -params.horizon)[: params.folds]
    return sorted(found)


def fold_measures(
    table: Table, origin: int, number: int, params: CapacityParams
) -> Iterator[Measure]:
    """Everything measured of one fold."""
    model = fit_table(table.until(origin), params)
    points = model.points(model.fitted_on, params.embargo + params.horizon)
    test = np.zeros(points.yhat.shape[1], dtype=np.bool_)
    test[params.embargo :] = True
    actual = table.values[:, origin : origin + len(test)]
    judge = Judge(actual, points.scale, points.level)
    rows = judge.of(slice(None), test).is_judged
    bucket = params.bucket_of(1 - params.embargo, params.horizon)
    for name, steps in slices(bucket, test, params):
        judged = judge.of(rows, steps)
        known: Bools = np.asarray(np.isfinite(judged.actual).any(axis=1), dtype=np.bool_)
        kept = np.flatnonzero(rows)[known]
        if len(kept):
            yield from slice_measures(judged.of(known), points, kept, steps, number, name)


def slices(bucket: Ints, test: Bools, params: CapacityParams) -> Iterator[tuple[str, Bools]]:
    """Names and test steps of the whole horizon and of each bucket it reaches."""
    yield ALL, test
    first = 1
    for number in range(params.bucket_count):
        ends = [*params.buckets, params.horizon]
        last = min(ends[number], params.horizon)
        if first <= last:
            yield f"h{first}-{last}", test & (bucket == number)
        first = last + 1


def slice_measures(
    judge: Judge, points: Points, rows: Ints, steps: Bools, number: int, name: str
) -> Iterator[Measure]:
    """All metrics of some series and steps."""

    def cut(values: Floats) -> Floats:
        part: Floats = values[rows][:, steps]
        return part

    n = len(rows)
    yhat, naive = cut(points.yhat), [cut(points.naive[each]) for each in NAIVE]
    best_mase = min(judge.mase(each) for each in naive)
    yield Measure(number, name, "mase", judge.mase(yhat), best_mase, n)
    best_wape = min(judge.wape(each) for each in naive)
    yield Measure(number, name, "wape", judge.wape(yhat), best_wape, n)
    last, seasonal = naive[NAIVE.index(LAST)], naive[NAIVE.index(SEASONAL_NAIVE)]
    won, last_won = judge.won(yhat, seasonal), judge.won(last, seasonal)
    yield Measure(number, name, "below_seasonal_naive", won, last_won, n)
    width, naive_width = float("nan"), float("nan")
    for percent in ("95", "80"):
        lower, upper = f"lower_{percent}", f"upper_{percent}"
        ours = (cut(points.sides[lower]), cut(points.sides[upper]))
        theirs = [
            (cut(points.naive_sides[each][lower]), cut(points.naive_sides[each][upper]))
            for each in NAIVE
        ]
        covered = [judge.coverage(*each) for each in theirs]
        nearest = int(np.argmin(np.abs(np.array(covered) - int(percent) / 100)))
        found = judge.coverage(*ours)
        yield Measure(number, name, f"coverage_{percent}", found, covered[nearest], n)
        width, naive_width = judge.width(*ours), judge.width(*theirs[nearest])
    yield Measure(number, name, "width", width, naive_width, n)
