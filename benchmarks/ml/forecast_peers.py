"""Strong public methods beside the capacity forecast, run in an environment of their own.

AutoETS and AutoTheta (statsforecast) forecast every series, AutoARIMA and Prophet, which take
seconds for each, a sample; all as they come, points without bands. They are told the length of the
season, Prophet the dates, and use one core, as our regressors do.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd

from benchmarks.ml.forecast_scores import Trial
from benchmarks.ml.results import Score
from benchmarks.tools import find_uv
from ml.grid import Bools, Floats

FOLDER = Path(__file__).with_name("peers")
# By method, whether it is run on the sample alone.
METHODS = {"AutoETS": False, "AutoTheta": False, "AutoARIMA": True, "Prophet": True}
SAMPLE = 20


@dataclass(frozen=True)
class PeerForecasts:
    """What peers forecast on a trial.

    `yhat`: by method (N, horizon), NaN in series it was not run on. `sample`: bool (N,), the series
    slow methods were run on. `seconds`: what a method took for all of its series.
    """

    yhat: dict[str, Floats]
    sample: Bools
    seconds: dict[str, float]

    def cells(self, method: str) -> int:
        """Forecast values a method made."""
        return int(np.isfinite(self.yhat[method]).sum())


def forecast(trial: Trial, frequency: str) -> PeerForecasts | None:
    """Let every peer forecast what a trial forecast, of steps of a `frequency` (``D``, ``h``).

    None without uv, which makes the peers' environment.

    Raises:
        ValueError: a series does not reach the last step, or a peer left a forecast out.
    """
    uv = find_uv()
    if uv is None:
        return None
    table, horizon = trial.model.fitted_on, trial.model.params.horizon
    sample = _sample(trial.rows)
    if not np.isfinite(table.values[trial.rows, -1]).all():
        raise ValueError("a series ends before the others: peers would forecast other steps")
    row, column = np.nonzero(np.isfinite(table.values))
    is_meant = trial.rows[row]
    series = pd.DataFrame({"unique_id": row, "ds": column, "y": table.values[row, column]})
    request = {
        "season": trial.model.params.season,
        "horizon": horizon,
        "frequency": frequency,
        "methods": METHODS,
        "sampled": [str(number) for number in np.flatnonzero(sample)],
    }
    with tempfile.TemporaryDirectory(prefix="opsmart bench peers ") as name:
        folder = Path(name)
        series[is_meant].to_csv(folder / "series.csv", index=False)
        (folder / "request.json").write_bytes(msgspec.json.encode(request))
        environment = ["--isolated", "--no-project", "--python", sys.executable]
        requirements = ["--with-requirements", str(FOLDER / "requirements.txt")]
        script = [str(FOLDER / "script.py"), name]
        subprocess.run([uv, "run", "--quiet", *environment, *requirements, *script], check=True)
        seconds = msgspec.json.decode((folder / "seconds.json").read_bytes(), type=dict[str, float])
        yhat = {method: _yhat(folder / f"{method}.csv", trial) for method in METHODS}
    found = PeerForecasts(yhat, sample, seconds)
    for method, is_sampled in METHODS.items():
        asked = int((sample if is_sampled else trial.rows).sum()) * horizon
        if found.cells(method) != asked:
            raise ValueError(f"{method} made {found.cells(method)} of {asked} forecasts")
    return found


def mase_of_sample(trials: Sequence[Trial], peers: Sequence[PeerForecasts], naive: str) -> Score:
    """MASE on the sample, of every method; mean over trials."""
    ours, baseline = [], []
    each: dict[str, list[float]] = {method: [] for method in METHODS}
    for trial, found in zip(trials, peers, strict=True):
        judge = trial.judge.of(found.sample)
        ours.append(judge.mase(trial.points.yhat[found.sample]))
        baseline.append(judge.mase(trial.points.naive[naive][found.sample]))
        for method, values in found.yhat.items():
            each[method].append(judge.mase(values[found.sample]))
    return Score(
        "mase_sample",
        float(np.mean(ours)),
        float(np.mean(baseline)),
        peers={method: float(np.mean(mases)) for method, mases in each.items()},
    )


def _sample(rows: Bools) -> Bools:
    """Of the series that count `SAMPLE` at equal steps in the order of their names, or all."""
    numbers = np.flatnonzero(rows)
    chosen = np.linspace(0, len(numbers) - 1, min(SAMPLE, len(numbers))).round().astype(np.int64)
    sample = np.zeros(len(rows), dtype=np.bool_)
    sample[numbers[chosen]] = True
    return sample


def _yhat(file: Path, trial: Trial) -> Floats:
    found = pd.read_csv(file)
    yhat = np.full(trial.points.yhat.shape, np.nan)
    yhat[found["unique_id"].to_numpy(), found["step"].to_numpy()] = found["yhat"].to_numpy()
    return yhat
