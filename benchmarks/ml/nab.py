"""NAB: single metrics with labelled windows, scored as they come in.

The detector learns anew each day from all rows before, and no rule here was chosen on a label: a
row is detected if its severity is high or worse (one in a thousand), and detections at most two
hours apart are one alert, both as in production. The naive detector is NAB's windowed Gaussian
(tail probability under all rows before; its window of 6,400 rows never fills here) at its published
threshold, where it is saturated.
"""

from __future__ import annotations

import io
import json
import tarfile
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.ml.nab_scores import Outcome, outcome, probation, scaled
from benchmarks.ml.results import Score, SetResult, data_folder
from ml.alerts import alert_starts
from ml.anomaly_params import AnomalyParams
from ml.grid import Axis, Bools, Floats
from ml.neighbour_anomaly import fit

ARCHIVE = "02_nab/NAB-share.tar.xz"
WINDOWS = "labels/combined_windows.json"
DETECTED = ("high", "critical")
GAP_MINUTES = 120
ALL_DAYS = 10_000
DAY = pd.Timedelta(days=1)
SATURATED = 2.0**-53


@dataclass(frozen=True)
class Series:
    """One file: `at` (UTC) and `value` of n rows, labelled windows as first and last row."""

    name: str
    at: pd.DatetimeIndex
    value: Floats
    windows: list[tuple[int, int]]

    @property
    def step_minutes(self) -> int:
        return round(np.median(np.diff(self.at.to_numpy())) / np.timedelta64(1, "m"))


def nab() -> SetResult:
    """Score all files."""
    series = read()
    started = time.perf_counter()
    ours = [detections(each) for each in series]
    seconds = time.perf_counter() - started
    naive = [gaussian(each) for each in series]
    alerts = [only_alerts(each, rows) for each, rows in zip(series, ours, strict=True)]
    held = [only_alerts(each, rows) for each, rows in zip(series, naive, strict=True)]
    return SetResult(
        name="nab",
        split=f"{len(series)} files, learning anew each day",
        baseline="gaussian",
        compared_by="score",
        scores=[
            score_of("score", series, alerts, naive, held),
            score_of("score_by_row", series, ours, naive, held),
        ],
        rows_per_s=sum(len(each.value) for each in series) / seconds,
        won=won(series, alerts, naive, held),
    )


def score_of(
    metric: str,
    series: list[Series],
    ours: list[Bools],
    naive: list[Bools],
    held: list[Bools],
) -> Score:
    """Ours beside the naive detector, of whose rows and alerts the better counts."""
    values = [scaled(outcomes(series, detected)) for detected in (ours, naive, held)]
    peers = {"gaussian by row": values[1], "gaussian alerts": values[2]}
    return Score(metric, values[0], max(values[1:]), is_higher_better=True, peers=peers)


def won(
    series: list[Series], ours: list[Bools], naive: list[Bools], held: list[Bools]
) -> tuple[int, int]:
    """Files on which ours scores higher than the better form of the naive detector."""
    rivals = max((naive, held), key=lambda detected: scaled(outcomes(series, detected)))
    pairs = zip(outcomes(series, ours), outcomes(series, rivals), strict=True)
    return sum(mine.score > theirs.score for mine, theirs in pairs), len(series)


def outcomes(series: list[Series], detected: list[Bools]) -> list[Outcome]:
    return [outcome(rows, each.windows) for each, rows in zip(series, detected, strict=True)]


def detections(series: Series) -> Bools:
    """Rows the production class finds odd enough, bool (n,); none before it has two days."""
    axis = Axis("name", "at", series.step_minutes)
    params = AnomalyParams(("value",), (), (), (), axis, train_days=ALL_DAYS)
    # two rows of one step become one: clocks of some files slip
    step = series.at.floor(f"{series.step_minutes}min")
    frame = pd.DataFrame({"at": step, "value": series.value})
    frame = frame.groupby("at", as_index=False).mean().assign(name=series.name)
    found: list[pd.DataFrame] = []
    learned = step[probation(len(step))]
    while learned <= step[-1]:
        seen = frame[frame["at"] < learned + DAY]
        if learned - step[0] >= 2 * DAY:
            model = fit(seen, params, learned)
            found.append(model.predict(seen, score_from=learned))
        learned += DAY
    scores = pd.concat(found).set_index("at")["severity"]
    detected: Bools = scores.reindex(step).isin(DETECTED).to_numpy(dtype=np.bool_)
    return detected


def only_alerts(series: Series, detected: Bools) -> Bools:
    """The first detection of each alert."""
    alerts: Bools = alert_starts(detected[None], GAP_MINUTES // series.step_minutes)[0]
    return alerts


def gaussian(series: Series) -> Bools:
    """Rows so far from the mean of all before that double precision calls it impossible."""
    before = pd.Series(series.value).expanding(2)
    mean, spread = before.mean().shift(), before.std(ddof=0).shift()
    z = np.abs(series.value - mean) / np.maximum(spread, 1e-6)
    tail = np.nan_to_num(norm.sf(z.to_numpy()), nan=1.0)
    return np.asarray(tail < SATURATED, dtype=np.bool_)


def read() -> list[Series]:
    """All files in the order of their names; raises FileNotFoundError naming the archive."""
    texts = {}
    with tarfile.open(data_folder() / ARCHIVE) as archive:
        for member in archive:
            if (file := archive.extractfile(member)) is not None:
                texts[member.name.removeprefix("./")] = file.read()
    labels = json.loads(texts[WINDOWS])
    result = []
    for path in sorted(name for name in texts if name.endswith(".csv")):
        name = path.removeprefix("data/")
        rows = pd.read_csv(io.BytesIO(texts[path]), parse_dates=["timestamp"])
        at = pd.DatetimeIndex(rows["timestamp"]).tz_localize("UTC")
        windows = [
            (
                int(at.searchsorted(pd.Timestamp(first, tz="UTC"))),
                int(at.searchsorted(pd.Timestamp(last, tz="UTC"), side="right")) - 1,
            )
            for first, last in labels[name]
        ]
        result.append(Series(name, at, rows["value"].to_numpy(dtype=np.float64), windows))
    return result
