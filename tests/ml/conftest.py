"""An estate and models fitted on its first month, shared by the tests that only read them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from ml import anomaly, neighbour_anomaly
from ml.anomaly import AnomalyModel, AnomalyParams
from ml.neighbour_anomaly import NeighbourModel
from tests.ml.estate import START, Estate, estate

Either = AnomalyModel | NeighbourModel
PARAMS = AnomalyParams()
TRAIN_END = START + pd.Timedelta(days=40)


@pytest.fixture(scope="session")
def faulty_estate() -> Estate:
    """Twenty hosts, sixty days, faults in the last twenty."""
    return estate(hosts=20, days=60, seed=1, faults_from_day=40)


@pytest.fixture(scope="session")
def model(faulty_estate: Estate) -> AnomalyModel:
    """Fitted on the forty days before the faults."""
    return anomaly.fit(faulty_estate.frame, PARAMS, TRAIN_END)


@pytest.fixture(scope="session", params=[anomaly.fit, neighbour_anomaly.fit], ids=["forest", "knn"])
def fit(request: pytest.FixtureRequest) -> Callable[..., Either]:
    """What fits the forest, and what fits its challenger."""
    chosen: Callable[..., Either] = request.param
    return chosen


@pytest.fixture(scope="session")
def either(faulty_estate: Estate, fit: Callable[..., Either]) -> Either:
    """The forest and its challenger, fitted on the same forty days."""
    return fit(faulty_estate.frame, PARAMS, TRAIN_END)
