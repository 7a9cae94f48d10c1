"""The incident model as assets: what it learns from, and a row for every midnight and device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
import pytest

from ml.device_incident_params import CATEGORIES, DEVICE_FEATURES
from ml.gate import Gate, Gated
from orchestration import incident, models
from orchestration.clock import RESOURCE, RunClock
from tests.ml.device_days import DAYS, DEVICES, PARAMS, START, estate
from warehouse import Warehouse

NEWEST = START + pd.Timedelta(days=DAYS - 1)
NOON = NEWEST.to_pydatetime() + timedelta(hours=12)
# 100 days are known, of which the last thirty are left to be scored
ORIGIN = NEWEST - pd.Timedelta(days=30)
UNREACHABLE = Gate("all", (Gated("pr_auc", naive_tolerance=-2.0),))
EASY = Gate("all", (Gated("is_published", naive_tolerance=2.0),))


@pytest.fixture(scope="module")
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """The tables that the model reads, filled with a made-up estate."""
    made_up = estate()
    columns = {
        "device_key": "bigint",
        "as_of": "timestamptz",
        **dict.fromkeys(DEVICE_FEATURES, "double precision"),
        **dict.fromkeys(CATEGORIES, "text"),
        "is_in_maintenance": "boolean",
        "is_incident": "boolean",
        "label_known_at": "timestamptz",
        "incident_type": "text",
    }
    tables = {
        "features.feat_incident_daily": made_up.days.join(made_up.labels)[[*columns]].astype(
            {"is_incident": "bool"}
        ),
        "features.feat_device_daily": made_up.days[["device_key", "as_of"]].assign(
            observed_since=START.date()
        ),
        "features.feat_incident_events": made_up.events.assign(incident_key=made_up.events.index),
        "core.dim_device": made_up.devices[["device_key", "site_key"]].assign(
            valid_from="-infinity", valid_to="infinity"
        ),
    }
    columns |= {
        "observed_since": "date",
        "started_at": "timestamptz",
        "ended_at": "timestamptz",
        "kind": "text",
        "incident_key": "bigint",
        "site_key": "bigint",
        "customer_key": "bigint",
        "valid_from": "timestamptz",
        "valid_to": "timestamptz",
    }
    with warehouse.connect() as connection:
        connection.autocommit = True
        for name, frame in tables.items():
            typed = ", ".join(f"{column} {columns[column]}" for column in frame.columns)
            # a test before this one may have built models
            connection.execute(f"drop table if exists {name} cascade")
            connection.execute(f"create table {name} ({typed})")
            connection.execute(f"grant select on {name} to opsmart_ml")
            with connection.cursor().copy(f"copy {name} from stdin with (format csv)") as copy:
                copy.write(frame.to_csv(index=False, header=False))
        yield connection
        for name in tables:
            connection.execute(f"drop table {name}")


@pytest.fixture(autouse=True)
def clean(connection: psycopg.Connection) -> Iterator[None]:
    yield
    connection.execute(
        "truncate predictions.scores, predictions.shadow_predictions, predictions.challenges, "
        "predictions.model_versions, predictions.backtests"
    )


def run(monkeypatch: pytest.MonkeyPatch, model: Any, as_of: datetime) -> dict[str, Any]:
    """What a run of both assets says of the scores."""
    monkeypatch.setattr(incident, "INCIDENT", model)
    result = dg.materialize(
        [models.model_asset(model, "incident_model"), incident.scored],
        resources={RESOURCE: RunClock(as_of=as_of.isoformat())},
    )
    (said,) = result.asset_materializations_for_node("incident_scores")
    return {name: value.value for name, value in said.metadata.items()}


def model_named(name: str, **changes: Any) -> Any:
    recipe = replace(incident.INCIDENT.recipe, params=PARAMS, **changes)
    return replace(incident.INCIDENT, name=name, recipe=recipe)


def test_a_first_version_scores_the_last_month_and_then_each_midnight_once(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_named("first_month")
    first = run(monkeypatch, model, NOON)
    assert first["added"] == 31 * DEVICES
    assert run(monkeypatch, model, NOON) == first | {"added": 0}
    found = connection.execute(
        "select min(as_of), max(as_of), count(distinct version), count(probability), "
        "count(*) filter (where is_flagged), count(recommendation) from predictions.scores"
    ).fetchone()
    assert found is not None
    assert found[:4] == (ORIGIN, NEWEST, 1, 31 * DEVICES)
    assert 0 < found[4] == found[5]
    trained = connection.execute(
        "select train_end, learned_until, jsonb_array_length(features) "
        "from predictions.model_versions"
    ).fetchall()
    # the youngest seven days had no label yet
    assert trained == [(ORIGIN, ORIGIN - timedelta(days=7), 109)]


def test_without_a_champion_the_newest_midnight_says_why(
    connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run(monkeypatch, model_named("never_good_enough", gate=UNREACHABLE), NOON)
    assert said["added"] == DEVICES
    found = connection.execute(
        "select distinct as_of, is_publishable, probability, not_scored_reason "
        "from predictions.scores"
    ).fetchall()
    ((as_of, is_publishable, probability, reason),) = found
    assert (as_of, is_publishable, probability) == (NEWEST, False, None)
    assert reason.startswith("no version serves: pr_auc 0.") and "is not enough" in reason


def test_a_challenger_speaks_of_midnights_since_its_training_where_no_reader_looks(
    warehouse: Warehouse, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_named("in_shadow", gate=EASY)
    champion = run(monkeypatch, model, NOON)["version"]
    # taught by all labels, to the newest midnight
    assert run(monkeypatch, model, NOON + timedelta(days=1))["version"] == champion
    ((challenger, train_end),) = connection.execute(
        "select version, train_end from predictions.model_versions "
        "where challenger_from is not null"
    ).fetchall()
    assert train_end == NEWEST
    challenge = replace(incident.CHALLENGE, model=model)
    for expected in (DEVICES, 0):
        with warehouse.connect("opsmart_ml") as writing, warehouse.connect("opsmart_ml") as reading:
            said = challenge.score(warehouse, writing, reading, NOON + timedelta(days=1))
        assert said == expected
    assert connection.execute("select distinct version from predictions.scores").fetchall() == [
        (champion,)
    ]
    found = connection.execute(
        "select distinct version, origin, about from predictions.shadow_predictions"
    ).fetchall()
    assert found == [(challenger, NEWEST, NEWEST)]
    both = connection.execute(
        "select count(*), count(*) filter (where value <> probability) "
        "from predictions.scores inner join predictions.shadow_predictions "
        "on scores.entity_key = shadow_predictions.entity_key and scores.as_of = origin"
    ).fetchone()
    assert both is not None
    assert both[0] == DEVICES and both[1] > 0


@pytest.mark.parametrize(
    ("days", "is_first", "left"), [(45, True, 0), (75, True, 15), (180, True, 30), (180, False, 0)]
)
def test_only_a_first_version_leaves_midnights_to_be_scored(
    days: int, is_first: bool, left: int
) -> None:
    first, newest = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
    newest += timedelta(days=days)
    end = incident.train_end(first, newest, is_first=is_first)
    assert end == newest - timedelta(days=left)


def test_drift_is_judged_on_what_was_measured_outside_maintenance(
    connection: psycopg.Connection,
) -> None:
    start, end = NEWEST - pd.Timedelta(days=6), NEWEST + pd.Timedelta(days=1)
    span = (start.to_pydatetime(), end.to_pydatetime())
    found = incident.inputs(connection, PARAMS, *span, NOON)
    assert (found["time"].min(), found["time"].max()) == (start, NEWEST)
    assert len(found) == 7 * DEVICES
    # whether something is to happen afterwards is not asked, and ages never come back
    assert set(found.columns) == {"entity", "time", *DEVICE_FEATURES} - {"observed_days"}
    heat = estate().days.set_index(["device_key", "as_of"])["temp_max_celsius_1d"]
    pd.testing.assert_series_equal(
        found.set_index(["entity", "time"])["temp_max_celsius_1d"].sort_index(),
        heat[heat.index.get_level_values("as_of") >= start].sort_index(),
        check_names=False,
    )
    connection.execute(
        "update features.feat_incident_daily set is_in_maintenance = true where as_of = %s",
        (NEWEST,),
    )
    assert incident.inputs(connection, PARAMS, *span, NOON)["time"].max() < NEWEST
    connection.execute("update features.feat_incident_daily set is_in_maintenance = false")
    assert incident.inputs(connection, PARAMS, span[1], span[1], NOON).empty


def test_drift_is_not_judged_on_windows_that_are_still_being_filled(
    connection: psycopg.Connection,
) -> None:
    first = START.to_pydatetime()
    found = incident.inputs(connection, PARAMS, first, first + timedelta(days=33), NOON)
    # the thirty days of a window are over on the 31st midnight
    assert found["time"].value_counts(sort=False).to_dict() == {
        START + pd.Timedelta(days=day): DEVICES for day in (30, 31, 32)
    }
