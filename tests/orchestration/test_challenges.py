"""A challenger speaks in shadow, and serves once outcomes, or the gate for want of them, say so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
import pandas as pd
import psycopg
import pytest
from mlflow.exceptions import MlflowException
from psycopg import sql

from ml.capacity import CapacityModel, CapacityParams
from ml.challenge import LEAST_DAYS, MOST_DAYS
from ml.gate import Gate, Gated
from orchestration import predictions
from orchestration.challenges import end_pairs
from orchestration.clock import RESOURCE, RunClock
from orchestration.shadow import Asked, Challenge, challenge_assets
from tests.orchestration.daily_model import (
    DAY,
    FEATURES,
    MONDAY,
    Ran,
    Tested,
    challenging,
    damage,
    model_named,
    serving,
)
from warehouse import Warehouse

TUESDAY = MONDAY + DAY
DEVICES = 6
UNREACHABLE = Gate("all", (Gated("mase", is_lower_better=True, naive_tolerance=-2.0),))
TestedChallenge = Challenge[CapacityParams, CapacityModel]
# The champion always loses 0.3 and the naive answer 0.5; the challenger loses what it says.
LOSSES = sql.SQL(
    "select entity_key as entity, origin as day, true as is_event, "
    "0.3 as champion, value as challenger, 0.5 as naive "
    "from predictions.shadow_predictions "
    "where model = {model} and version = {challenger} and {champion} <> '' and {first_day} > 0"
)


def challenge_of(model: Tested, value: float | None) -> TestedChallenge:
    """A challenger that says the same of every device each midnight, or nothing at all."""

    def say(_: psycopg.Connection, __: CapacityModel, asked: Asked) -> Iterator[pd.DataFrame]:
        midnight = pd.Timestamp(asked.as_of).normalize()
        if value is not None and (asked.newest is None or asked.newest < midnight):
            yield pd.DataFrame(
                {
                    "entity_key": range(DEVICES),
                    "origin": midnight,
                    "about": midnight,
                    "value": value,
                }
            )

    return Challenge(model, FEATURES, FEATURES, DAY, say, LOSSES)


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        connection.autocommit = True
        yield connection
        connection.execute(
            "truncate predictions.model_versions, predictions.backtests, "
            "predictions.shadow_predictions, predictions.challenges"
        )


@pytest.fixture
def model(request: pytest.FixtureRequest, connection: psycopg.Connection) -> Tested:
    """A model of the test's own, whose first version serves and whose second challenges it."""
    model = model_named(request.function.__name__, is_required=True)
    Ran(model, MONDAY)
    Ran(model, TUESDAY)
    return model


def compared(challenge: TestedChallenge, warehouse: Warehouse, as_of: datetime) -> str:
    """What a day's scoring and comparison finds; both twice, as after a kill at the end."""
    with warehouse.connect("opsmart_ml") as connection, warehouse.connect("opsmart_ml") as reading:
        challenge.score(warehouse, connection, reading, as_of)
        first = challenge.judge(connection, as_of)
        assert challenge.score(warehouse, connection, reading, as_of) == 0
        again = challenge.judge(connection, as_of)
    assert first is not None and again is not None
    assert again.verdict == first.verdict
    return first.verdict


def state(connection: psycopg.Connection) -> list[Any]:
    return [
        connection.execute(f"select * from predictions.{table} order by 1, 2, 3").fetchall()
        for table in ("model_versions", "challenges", "shadow_predictions")
    ]


def alias(model: Tested, warehouse: Warehouse, name: str) -> str | None:
    """Our name of the version that an alias of MLflow points to."""
    try:
        client = model.registry(warehouse).client
        return str(client.get_model_version_by_alias(model.name, name).tags["opsmart.version"])
    except MlflowException:
        return None


def damage_versions(model: Tested, warehouse: Warehouse, *versions: str) -> None:
    for version in versions:
        kept = model.registry(warehouse).find(version)
        assert kept is not None
        damage(kept.artifact_uri)


def passing_then_failing(connection: psycopg.Connection, model: Tested) -> str:
    """Train two more versions, of which the gate lets the first pass, which is told."""
    Ran(model, TUESDAY + DAY)
    Ran(replace(model, recipe=replace(model.recipe, gate=UNREACHABLE)), TUESDAY + 2 * DAY)
    (_, _, third, fourth) = connection.execute(
        "select version, is_promotable from predictions.model_versions order by trained_at"
    ).fetchall()
    assert third[1] and not fourth[1]
    return str(third[0])


def challenges(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select champion, challenger, began_at, judged_at, ended_at, n, verdict "
        "from predictions.challenges order by began_at"
    ).fetchall()


def test_outcomes_let_a_challenger_serve_that_is_not_worse(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    assert alias(model, warehouse, "champion") == first
    assert alias(model, warehouse, "challenger") == second
    challenge = challenge_of(model, 0.31)
    for day in range(LEAST_DAYS - 1):
        assert compared(challenge, warehouse, TUESDAY + day * DAY) == "open"
    decided = TUESDAY + (LEAST_DAYS - 1) * DAY
    assert compared(challenge, warehouse, decided) == "not_worse"
    Ran(model, decided)
    assert serving(connection) == [(first, MONDAY)], "the run that decides is over already"
    said = DEVICES * LEAST_DAYS
    assert challenges(connection) == [(first, second, TUESDAY, decided, None, said, "not_worse")]
    # each device says it is 0.01 worse on each day; 0.2 of 0.5 - 0.3 would be allowed
    row = connection.execute(
        "select difference, difference_lower, difference_upper, margin from predictions.challenges"
    ).fetchone()
    assert row == pytest.approx((0.01, 0.01, 0.01, 0.04))

    following = decided + DAY
    third = Ran(model, following).said["challenger"]
    assert serving(connection) == [(second, following)]
    assert challenging(connection) == [(third, following)]
    assert alias(model, warehouse, "champion") == second
    assert alias(model, warehouse, "challenger") == third
    left, interval = connection.execute(
        "select (select count(*) from predictions.shadow_predictions), "
        "(select challenger_to from predictions.model_versions where version = %s)",
        (second,),
    ).fetchone() or (None, None)
    assert (left, interval) == (0, following)
    ((*_, ended_at, _, _),) = challenges(connection)
    assert ended_at == following
    before = state(connection)
    Ran(model, following)
    assert state(connection) == before, "run again, nothing is carried out twice"


def test_a_challenger_that_is_worse_never_serves(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    challenge = challenge_of(model, 0.35)
    for day in range(LEAST_DAYS):
        verdict = compared(challenge, warehouse, TUESDAY + day * DAY)
    assert verdict == "worse"
    following = TUESDAY + LEAST_DAYS * DAY
    third = Ran(model, following).said["challenger"]
    assert third != second
    assert serving(connection) == [(first, MONDAY)]
    assert challenging(connection) == [(third, following)]
    assert compared(challenge, warehouse, following) == "open", "the next begins anew"
    assert [row[-2:] for row in challenges(connection)] == [
        (DEVICES * LEAST_DAYS, "worse"),
        (DEVICES, "open"),
    ]


def test_where_nothing_turns_out_the_gate_decides_in_the_end(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    challenge = challenge_of(model, None)
    last = TUESDAY + MOST_DAYS * DAY
    assert compared(challenge, warehouse, last - timedelta(hours=1)) == "open"
    assert compared(challenge, warehouse, last) == "gate"
    assert serving(connection) == [(first, MONDAY)]
    Ran(model, last + DAY)
    assert serving(connection) == [(second, last + DAY)]


def test_nothing_is_asked_that_cannot_turn_out_in_time(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    challenge = challenge_of(model, 0.3)
    for day in range(MOST_DAYS + 3):
        compared(challenge, warehouse, TUESDAY + day * DAY)
    newest = connection.execute("select max(about) from predictions.shadow_predictions").fetchone()
    # what is about a midnight is due a day later
    last = TUESDAY + (MOST_DAYS - 1) * DAY
    assert newest == (last - timedelta(hours=last.hour),)


def test_a_damaged_challenger_gives_way_to_the_next(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    compared(challenge_of(model, 0.3), warehouse, TUESDAY)
    damage_versions(model, warehouse, second)
    later = TUESDAY + timedelta(hours=6)
    ran = Ran(model, later)
    assert second in ran.said["refused"]
    assert not ran.check.passed
    assert serving(connection) == [(first, MONDAY)]
    assert not challenging(connection)
    assert alias(model, warehouse, "challenger") is None
    ended = [(first, second, TUESDAY, TUESDAY, later, DEVICES, "open")]
    assert challenges(connection) == ended
    third = Ran(model, TUESDAY + DAY).said["challenger"]
    assert challenging(connection) == [(third, TUESDAY + DAY)]
    assert challenges(connection) == ended


def test_a_pair_that_meets_again_goes_on(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    challenge = challenge_of(model, 0.3)
    compared(challenge, warehouse, TUESDAY)
    wednesday = TUESDAY + DAY
    Ran(model, wednesday)
    *_, (third,) = connection.execute(
        "select version from predictions.model_versions order by trained_at"
    ).fetchall()
    predictions.promote(connection, model.name, third, wednesday)
    end_pairs(connection, model.name, wednesday)
    ended = [(first, second, TUESDAY, TUESDAY, wednesday, DEVICES, "open")]
    assert challenges(connection) == ended
    later = wednesday + timedelta(hours=6)
    predictions.promote(connection, model.name, first, later)
    compared(challenge, warehouse, later)
    assert challenges(connection) == [(first, second, later, later, None, 2 * DEVICES, "open")]


def test_where_nothing_is_whole_a_damaged_challenger_ends_too(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    compared(challenge_of(model, 0.3), warehouse, TUESDAY)
    damage_versions(model, warehouse, first, second)
    later = TUESDAY + timedelta(hours=6)
    assert Ran(model, later).said["champion"] == "none"
    assert not challenging(connection)
    assert challenges(connection) == [(first, second, TUESDAY, TUESDAY, later, DEVICES, "open")]


def test_a_damaged_challenger_holds_up_no_other_model(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((second, _),) = challenging(connection)
    other = model_named("beside_a_damaged_challenger", is_required=True)
    Ran(other, MONDAY)
    Ran(other, TUESDAY)
    damage_versions(model, warehouse, second)
    result = dg.materialize(
        [asset for each in (model, other) for asset in challenge_assets(challenge_of(each, 0.3))],
        resources={RESOURCE: RunClock(as_of=TUESDAY.isoformat())},
        raise_on_error=False,
    )
    assert [event.step_key for event in result.get_step_failure_events()] == [
        f"shadow__{model.name}"
    ]
    for table in ("shadow_predictions", "challenges"):
        found = connection.execute(f"select distinct model from predictions.{table}").fetchall()
        assert found == [(other.name,)]


def test_a_version_that_passed_the_gate_follows_though_a_newer_one_did_not(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    third = passing_then_failing(connection, model)
    damage_versions(model, warehouse, second)
    later = TUESDAY + 2 * DAY + timedelta(hours=6)
    Ran(model, later)
    assert serving(connection) == [(first, MONDAY)]
    assert challenging(connection) == [(third, later)]


def test_where_all_others_are_damaged_a_version_that_passed_the_gate_serves(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    third = passing_then_failing(connection, model)
    damage_versions(model, warehouse, first, second)
    later = TUESDAY + 2 * DAY + timedelta(hours=6)
    Ran(model, later)
    assert serving(connection) == [(third, later)]
    assert not challenging(connection), "nothing newer passed"


def test_a_champion_that_missed_a_drift_gives_way_to_a_challenger_that_learned_it(
    connection: psycopg.Connection, model: Tested, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((second, _),) = challenging(connection)
    ((learned_until,),) = connection.execute(
        "select train_end from predictions.model_versions where version = %s", (second,)
    ).fetchall()
    later = TUESDAY + timedelta(hours=6)
    monkeypatch.setattr(predictions, "unlearned_drift", lambda *_: learned_until)
    Ran(model, later)
    assert serving(connection) == [(second, later)]
    assert challenging(connection) == []


def test_a_damaged_winner_does_not_serve(
    warehouse: Warehouse, connection: psycopg.Connection, model: Tested
) -> None:
    ((first, _),), ((second, _),) = serving(connection), challenging(connection)
    challenge = challenge_of(model, 0.2)
    for day in range(LEAST_DAYS):
        verdict = compared(challenge, warehouse, TUESDAY + day * DAY)
    assert verdict == "not_worse"
    damage_versions(model, warehouse, second)
    Ran(model, TUESDAY + LEAST_DAYS * DAY)
    assert serving(connection) == [(first, MONDAY)]
