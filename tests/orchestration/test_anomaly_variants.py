"""Interfaces and agents go the way of hosts, from their feature table to rows of the one table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pandas as pd
import psycopg
import pytest

from ingest.progress import Progress
from ml.anomaly import AnomalyModel, AnomalyParams, fit
from ml.anomaly_variants import AGENTS, INTERFACES
from ml.too_little import TooLittle
from orchestration import anomaly, features
from orchestration.prediction_tables import ANOMALY_SCORES
from tests.orchestration.feature_table import feature_table
from warehouse import Warehouse

START = pd.Timestamp("2026-01-05", tz="UTC")
DAYS, ENTITIES = 20, 6
LEARNED = START + pd.Timedelta(days=14)
ODD = START + pd.Timedelta(days=16, hours=9)
# the third has no device of its own
DEVICES = np.array([7, 7, -1, 8, 9, 10])


def hours(params: AnomalyParams, days: int = DAYS) -> pd.DataFrame:
    """A daily rhythm of counts of each entity; all are odd in one hour of the second."""
    random = np.random.default_rng(5)
    times = pd.date_range(START, periods=24 * days, freq="h")
    entity = np.repeat(np.arange(ENTITIES) + 40, len(times))
    frame = pd.DataFrame(
        {
            params.axis.entity: entity,
            "device_key": DEVICES[entity - 40],
            "hour": np.tile(times, ENTITIES),
        }
    )
    busy = 2.0 + np.sin(np.pi * frame["hour"].dt.hour / 12)
    for metric in params.metrics:
        frame[metric] = random.poisson(busy).astype("float64")
    is_odd = (frame[params.axis.entity] == 41) & (frame["hour"] == ODD)
    frame.loc[is_odd, list(params.metrics)] = 60.0
    return frame.assign(coverage=1.0, is_masked=False, is_incident=False, role_name="switch")


@pytest.fixture(params=[("feat_network_hourly", INTERFACES), ("feat_security_hourly", AGENTS)])
def variant(request: pytest.FixtureRequest) -> tuple[str, AnomalyParams]:
    """A feature table and what the model of its entities reads."""
    found: tuple[str, AnomalyParams] = request.param
    return found


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        yield connection
        connection.rollback()


def test_every_hour_is_scored_under_its_entity_and_the_device_it_belongs_to(
    connection: psycopg.Connection, variant: tuple[str, AnomalyParams]
) -> None:
    table, params = variant
    frame = hours(params)
    model = fit(frame, params, LEARNED)
    with feature_table(connection, frame, table, params):
        scores = anomaly.score(
            table, model, connection, LEARNED.to_pydatetime(), Progress("", None, lambda: None)
        )
        found = pd.concat(scores, ignore_index=True)
        assert features.hours_recorded(connection, table) == (START, frame["hour"].max())
    expected = model.predict(frame, LEARNED)
    assert set(ANOMALY_SCORES.columns) <= set(found.columns)
    assert found["entity_key"].equals(expected[params.axis.entity])
    assert found["score"].equals(expected["score"])
    assert len(found) == ENTITIES * 24 * 6
    devices = found.groupby("entity_key")["device_key"].unique()
    assert [list(each) for each in devices] == [[device] for device in DEVICES]
    odd = found[(found["entity_key"] == 41) & (found["hour"] == ODD)].iloc[0]
    assert odd["is_flagged"] and odd["factors"][0]["metric"] in params.metrics


def test_a_sample_is_learned_of_the_tables_own_entities(
    connection: psycopg.Connection, variant: tuple[str, AnomalyParams]
) -> None:
    table, params = variant
    frame = hours(params)
    with feature_table(connection, frame, table, params):
        found = anomaly.learnable(table, connection, params, LEARNED.to_pydatetime(), True)
        read = anomaly.inputs(
            table,
            connection,
            params,
            START.to_pydatetime() + timedelta(days=1),
            LEARNED.to_pydatetime(),
            LEARNED.to_pydatetime(),
        )
    assert found is not None
    assert found.train_end == frame["hour"].max() + pd.Timedelta(hours=1)
    assert len(found.frame) == len(frame) and params.axis.entity in found.text
    assert sorted(read["entity"].unique()) == list(range(40, 46))
    assert list(read.columns) == ["entity", "time", *params.metrics]


def test_nothing_is_learned_without_hours_and_too_few_are_refused(
    connection: psycopg.Connection, variant: tuple[str, AnomalyParams]
) -> None:
    table, params = variant
    frame = hours(params, days=4)
    with feature_table(connection, frame[:0], table, params):
        end = LEARNED.to_pydatetime()
        assert anomaly.learnable(table, connection, params, end, False) is None
    with pytest.raises(TooLittle, match="too little to learn from"):
        fit(frame, params, START + pd.Timedelta(days=4))


def test_a_variant_is_stored_and_loaded_with_its_columns(
    variant: tuple[str, AnomalyParams],
) -> None:
    _, params = variant
    frame = hours(params)
    model = fit(frame, params, LEARNED)
    again = AnomalyModel.of_state(model.state())
    assert again.params == params
    pd.testing.assert_frame_equal(again.predict(frame, LEARNED), model.predict(frame, LEARNED))
