"""Faults of a generated estate show on its interfaces and agents: plumbing, not skill."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from ml.alerts import alert_numbers, budget_threshold
from ml.anomaly import fit
from ml.anomaly_params import EXTRAS
from ml.backtest import pr_auc
from ml.grid import Bools, Floats, grid_of
from sandbox.generated.estate import GeneratedEstate
from tests.ml.generated_hours import Hours, agent_hours, estate_of, interface_hours

DAYS, LEARNED = 90, 60
# a flag counts for a fault until two hours after its end
LATE = 2


# rows of a grid, and columns
Span = tuple[NDArray[np.intp], slice]


class Figures(NamedTuple):
    """At the budget: faults found of all, alerts that met one of all; and the PR-AUC of hours."""

    found: int
    faults: int
    met: int
    alerts: int
    pr_auc: float


def judged(hours: Hours) -> tuple[Figures, Figures]:
    """Of the model and of the naive baseline, learned from the first days, on the last ones."""
    params = hours.params
    first_hour = hours.frame["hour"].min() + pd.Timedelta(days=LEARNED)
    model = fit(hours.frame, params, first_hour)
    grid = grid_of(hours.frame, params.axis, params.metrics, EXTRAS)
    first = grid.column(first_hour)
    keys = hours.frame.drop_duplicates(params.axis.entity).set_index(params.axis.entity)
    devices = keys["device_key"].loc[grid.entities].to_numpy()
    spans: list[Span] = []
    for fault in hours.faults:
        begin, end = (grid.column(pd.Timestamp(moment)) for moment in (fault.begin, fault.end))
        if end > first:
            # the hour in which it begins counts
            rows = np.flatnonzero(devices == fault.device.index)
            spans.append((rows, slice(max(begin - 1 - first, 0), end - first)))
    raw, baseline = (figures(scores, spans, hours) for scores in model.scores(grid, first))
    return raw, baseline


def figures(scores: Floats, spans: list[Span], hours: Hours) -> Figures:
    params = hours.params
    budget = params.alerts_per_device_week * np.isfinite(scores).sum() / (7 * 24)
    flagged = scores >= budget_threshold(scores, budget, params.alert_gap)
    is_faulty: Bools = np.zeros(scores.shape, dtype=np.bool_)
    is_near: Bools = np.zeros(scores.shape, dtype=np.bool_)
    for rows, span in spans:
        is_faulty[rows, span] = True
        is_near[rows, slice(span.start, span.stop + LATE)] = True
    numbers = alert_numbers(flagged, params.alert_gap)
    return Figures(
        found=sum(
            bool(flagged[rows, slice(span.start, span.stop + LATE)].any()) for rows, span in spans
        ),
        faults=len(spans),
        met=len(np.unique(numbers[is_near & (numbers > 0)])),
        alerts=int(numbers.max()),
        pr_auc=pr_auc(scores, is_faulty),
    )


@pytest.mark.parametrize("hours_of", [interface_hours, agent_hours])
def test_faults_are_found_on_interfaces_and_agents_better_than_by_the_naive_baseline(
    hours_of: Callable[[GeneratedEstate], Hours],
) -> None:
    model, naive = judged(hours_of(estate_of(seed=2, days=DAYS)))
    assert model.faults >= 5
    assert model.found > naive.found
    assert model.pr_auc > naive.pr_auc
