"""Every kind of model comes back from its artifact as it was, whatever it chose to be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ml import artifact, capacity, incident
from ml.capacity import CapacityModel, CapacityParams
from ml.incident import IncidentModel
from tests.ml.forecast_series import START, long_frame, noisy
from tests.ml.incident_rows import PARAMS, entity_weeks

NEVER_SEEN = long_frame({"new": np.arange(160.0), "brief": np.ones(3)})


def stored(content: bytes, kind: type[artifact.StorableT]) -> artifact.StorableT:
    return artifact.load(content, artifact.sha256_of(content), kind)


def digest(predicted: pd.DataFrame) -> str:
    """A hash of predictions, factors and reasons among them."""
    return hashlib.sha256(predicted.to_csv(float_format="%.17g").encode()).hexdigest()


@pytest.mark.parametrize(
    "params",
    [CapacityParams(), CapacityParams(horizon=7, learned=("ridge",))],
    ids=["all regressors", "ridge"],
)
def test_a_forecast_comes_back_the_same_for_series_old_and_new(params: CapacityParams) -> None:
    frame = long_frame(noisy(12, 160, seed=3))
    model = capacity.fit(frame, params)
    assert set(model.regressors.fitted) == set(params.learned)
    loaded = stored(artifact.dump(model), CapacityModel)
    for history in (frame, pd.concat([frame, NEVER_SEEN])):
        expected = model.predict(history)
        assert expected["yhat"].notna().any()
        assert digest(loaded.predict(history)) == digest(expected)
    assert (loaded.train_start, loaded.train_end) == (START, START + pd.Timedelta(days=160))
    assert loaded.rows == 12 * 160
    with pytest.raises(ValueError, match="a stored model knows no series"):
        loaded.predict()


def test_a_forecast_that_could_learn_nothing_comes_back_with_its_reasons() -> None:
    frame = long_frame({"dead": np.full(40, np.nan), "brief": np.r_[np.full(37, np.nan), 1, 2, 3]})
    model = capacity.fit(frame, CapacityParams())
    loaded = stored(artifact.dump(model), CapacityModel)
    assert digest(loaded.predict(frame)) == digest(model.predict(frame))
    assert loaded.predict(frame)["not_scored_reason"].notna().all()


def categorised() -> pd.DataFrame:
    frame = entity_weeks()
    return frame.assign(rack=frame["node"].map(lambda node: None if node % 7 == 0 else node % 5))


@pytest.mark.parametrize(
    ("rows", "is_published"),
    [
        (entity_weeks, True),
        (categorised, True),
        (lambda: entity_weeks(signal=0.0), False),
        (lambda: entity_weeks(weeks=2, entities=3), False),
    ],
    ids=["vote", "encoded categories", "abstains", "nothing learned"],
)
def test_an_incident_model_comes_back_the_same(
    rows: Callable[[], pd.DataFrame], is_published: bool
) -> None:
    frame = rows()
    params = PARAMS
    if "rack" in frame.columns:
        params = replace(PARAMS, categories=("rack",), encoded=("load",))
    model = incident.fit(frame, params)
    assert (model.abstains is None) is is_published
    loaded = stored(artifact.dump(model), IncidentModel)
    assert digest(loaded.predict(frame)) == digest(model.predict(frame))
    assert np.array_equal(loaded.probabilities(frame), model.probabilities(frame))
    for name in ("params", "names", "evidence", "abstains", "train_start", "train_end", "rows"):
        assert getattr(loaded, name) == getattr(model, name), name
