"""One forecast of a split, judged beside naive methods."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.ml.bitbrains import Split
from benchmarks.ml.results import Score
from ml.capacity import CapacityModel, CapacityParams, fit
from ml.capacity_model import NAIVE, Points
from ml.forecast_measures import Judge
from ml.forecast_members import SEASONAL_NAIVE
from ml.grid import Bools, Floats

PERCENTS = ("80", "95")
NAMES = {"last_value": "last value", "seasonal_naive": "seasonal naive"}


@dataclass(frozen=True)
class Trial:
    """A model fitted on the train part of a split, its forecasts and who judges them.

    `rows`: the series judged, bool (N,). `seconds`: fit and forecast together.
    """

    model: CapacityModel
    points: Points
    judge: Judge
    rows: Bools
    seconds: float

    def judged(self) -> Judge:
        """The judge of the series that count."""
        return self.judge.of(self.rows)

    def yhat(self) -> Floats:
        return self.points.yhat[self.rows]

    def naive(self, name: str) -> Floats:
        return self.points.naive[name][self.rows]

    @property
    def cells(self) -> int:
        """Forecast values made, of all series."""
        return int(np.isfinite(self.points.yhat).sum())


def try_on(split: Split, params: CapacityParams, is_every_judged: bool = False) -> Trial:
    """Fit the production class and forecast the test part.

    Series that hardly moved are not judged, unless every series is to be.
    """
    started = time.perf_counter()
    model = fit(split.train, params)
    points = model.points(model.fitted_on, params.horizon)
    seconds = time.perf_counter() - started
    actual = model.fitted_on.actual(split.test, params.horizon)
    judge = Judge(actual, points.scale, points.level)
    rows = np.ones(len(actual), dtype=np.bool_) if is_every_judged else judge.is_judged
    return Trial(model, points, judge, rows, seconds)


def better_naive(trial: Trial) -> str:
    """The naive method with the lower mean MASE; ours is compared with it series by series."""
    return min(NAIVE, key=lambda name: trial.judged().mase(trial.naive(name)))


def won(trial: Trial, naive: str) -> tuple[int, int]:
    """On how many series ours has the lower MASE, and of how many."""
    judge = trial.judged()
    wins = judge.mases(trial.yhat()) < judge.mases(trial.naive(naive))
    return int(wins.sum()), len(wins)


def below_seasonal_naive(trials: Sequence[Trial]) -> Score:
    """The share of series whose WAPE is below that of seasonal naive; mean over trials."""
    shares = [t.judged().won(t.yhat(), t.naive(SEASONAL_NAIVE)) for t in trials]
    return Score(
        "below_seasonal_naive",
        float(np.mean(shares)),
        None,
        goal=0.8,
        is_higher_better=True,
    )


def band_scores(trials: Sequence[Trial], naive: str) -> tuple[dict[float, float], list[Score]]:
    """Coverage by level; widths and interval scores, in the series' mean, beside a naive method's.

    All are means over trials, which must be of about the same size.
    """
    coverage, scores = {}, []
    for percent in PERCENTS:
        nominal = int(percent) / 100
        ours = [_band(trial, trial.points.sides, percent) for trial in trials]
        theirs = [_band(trial, trial.points.naive_sides[naive], percent) for trial in trials]
        coverage[nominal] = _mean_of(Judge.coverage, trials, ours)
        for metric, measure in (
            ("width", Judge.width),
            ("interval", partial(Judge.interval_score, nominal=nominal)),
        ):
            value, naive_value = (_mean_of(measure, trials, bands) for bands in (ours, theirs))
            scores.append(Score(f"{metric}_{percent}", value, naive_value))
    return coverage, scores


def _band(trial: Trial, sides: dict[str, Floats], percent: str) -> tuple[Floats, Floats]:
    """Lower and upper bound of the series that count."""
    return sides[f"lower_{percent}"][trial.rows], sides[f"upper_{percent}"][trial.rows]


def _mean_of(
    measure: Callable[[Judge, Floats, Floats], float],
    trials: Sequence[Trial],
    bands: Sequence[tuple[Floats, Floats]],
) -> float:
    pairs = zip(trials, bands, strict=True)
    return float(np.mean([measure(trial.judged(), *band) for trial, band in pairs]))


def halves(trial: Trial, split: Split) -> list[Trial]:
    """Bands from how one half of the judged series turned out, judged on the other; both ways.

    Every second series, in the order of their names, is one half.
    """
    numbers = np.cumsum(trial.rows)
    found = []
    for remainder in (0, 1):
        judged = trial.rows & (numbers % 2 == remainder)
        others = trial.model.fitted_on.ids[trial.rows & ~judged]
        actual = split.test[split.test["unique_id"].isin(others)]
        model = trial.model.with_bands_from(actual)
        points = model.points(model.fitted_on, model.params.horizon)
        found.append(Trial(model, points, trial.judge, judged, trial.seconds))
    return found
