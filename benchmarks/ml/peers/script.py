"""Forecasts series by public methods: run in the environment of requirements.txt, given a folder.

The folder holds series.csv (unique_id, ds counted in steps, y) and request.json (season and horizon
in steps, frequency of a step, methods, and sampled, the ids that slow methods are run on). Each
method leaves NAME.csv (unique_id, step from 0, yhat); seconds.json says what each took.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
from prophet import Prophet
from statsforecast import StatsForecast
from statsforecast.models import AutoARIMA, AutoETS, AutoTheta, SeasonalNaive

STATISTICAL = {"AutoETS": AutoETS, "AutoTheta": AutoTheta, "AutoARIMA": AutoARIMA}
# Only weekdays and hours of the day count, and any date has those.
FIRST = pd.Timestamp("2001-01-01")


def main(folder: Path) -> None:
    """Run the methods asked for, one after the other."""
    series = pd.read_csv(folder / "series.csv", dtype={"unique_id": str})
    request = json.loads((folder / "request.json").read_text())
    sampled = series[series["unique_id"].isin(request["sampled"])]
    seconds = {}
    for name, is_sampled in request["methods"].items():
        rows = sampled if is_sampled else series
        started = time.perf_counter()
        found = prophet(rows, request) if name == "Prophet" else statistical(name, rows, request)
        seconds[name] = time.perf_counter() - started
        found.to_csv(folder / f"{name}.csv", index=False)
    (folder / "seconds.json").write_text(json.dumps(seconds))


def statistical(name: str, rows: pd.DataFrame, request: dict[str, Any]) -> pd.DataFrame:
    """A method of statsforecast as it comes; a series it cannot fit repeats its last season."""
    season, horizon = request["season"], request["horizon"]
    forecast = StatsForecast(
        models=[STATISTICAL[name](season_length=season)],
        freq=1,
        n_jobs=1,
        fallback_model=SeasonalNaive(season_length=season),
    )
    found = forecast.forecast(df=rows, h=horizon).sort_values(["unique_id", "ds"])
    found["step"] = found.groupby("unique_id").cumcount()
    return found.rename(columns={name: "yhat"})[["unique_id", "step", "yhat"]]


def prophet(rows: pd.DataFrame, request: dict[str, Any]) -> pd.DataFrame:
    """Prophet as it comes, series by series."""
    # with a handler of ours it adds none that tells of every chain
    logging.getLogger("cmdstanpy").addHandler(logging.NullHandler())
    step = pd.Timedelta(1, unit=request["frequency"])
    found = []
    for unique_id, one in rows.groupby("unique_id"):
        times = FIRST + (one["ds"] - one["ds"].min()) * step
        model = Prophet(uncertainty_samples=0)
        model.fit(pd.DataFrame({"ds": times, "y": one["y"]}))
        later = times.max() + pd.RangeIndex(1, request["horizon"] + 1) * step
        yhat = model.predict(pd.DataFrame({"ds": later}))["yhat"]
        found.append(pd.DataFrame({"unique_id": unique_id, "step": range(len(yhat)), "yhat": yhat}))
    return pd.concat(found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
