"""One training, whole: fit, backtest, judge."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd

from ml.anomaly import AnomalyModel, AnomalyParams, fit
from ml.anomaly_backtest import backtest
from ml.backtest import is_promotable
from ml.versions import Version, version_of


@dataclass(frozen=True)
class Training:
    """A fitted model with its name, its backtest and what the gate says of it, in one line."""

    version: Version
    model: AnomalyModel
    backtest: pd.DataFrame
    is_promotable: bool
    reason: str


def train(
    frame: pd.DataFrame,
    params: AnomalyParams,
    train_end: pd.Timestamp,
    champion_backtest: pd.DataFrame | None = None,
) -> Training:
    """Train on the rows before `train_end` and compare with the naive baseline and the champion.

    `frame` has the columns named in the params, in any order of rows; rows from `train_end` on and
    rows too old to matter are not looked at, so the version does not depend on them. Raises
    ValueError as `fit` does.
    """
    days = params.train_days + params.history_days
    oldest = train_end - timedelta(days=days)
    times = frame[params.axis.time]
    used = frame[(times >= oldest) & (times < train_end)]
    model = fit(used, params, train_end)
    tested = backtest(used, params)
    promotable, reason = is_promotable(tested, champion_backtest)
    return Training(version_of(used, params), model, tested, promotable, reason)
