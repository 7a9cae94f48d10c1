"""An estate and a model fitted on its first month, shared by the tests that only read them."""

from __future__ import annotations

import pandas as pd
import pytest

from ml.anomaly import AnomalyModel, AnomalyParams, fit
from tests.ml.estate import START, Estate, estate

PARAMS = AnomalyParams()
TRAIN_END = START + pd.Timedelta(days=40)


@pytest.fixture(scope="session")
def faulty_estate() -> Estate:
    """Twenty hosts, sixty days, faults in the last twenty."""
    return estate(hosts=20, days=60, seed=1, faults_from_day=40)


@pytest.fixture(scope="session")
def model(faulty_estate: Estate) -> AnomalyModel:
    """Fitted on the forty days before the faults."""
    return fit(faulty_estate.frame, PARAMS, TRAIN_END)
