"""What the challengers of each model say, and the losses of both, worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from ml.anomaly import AnomalyModel
from ml.capacity import CapacityParams, fit
from orchestration import anomaly, capacity, capacity_frames, incident
from orchestration.shadow import Asked, Challenge
from tests.ml.conftest import PARAMS, TRAIN_END, faulty_estate, model
from tests.ml.estate import Estate
from tests.ml.forecast_series import START, long_frame, noisy
from tests.orchestration.capacity_table import capacity_days, capacity_table
from tests.orchestration.feature_table import feature_table
from warehouse import Warehouse

__all__ = ["faulty_estate", "model"]

NIGHT = datetime(2026, 6, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CHAMPION: dict[str, Any] = {"version": "old"}
CHALLENGER: dict[str, Any] = {"version": "new", "train_end": NIGHT}
FIRST, SECOND = 20260601, 20260602


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    with warehouse.connect() as connection:
        yield connection
        connection.rollback()


def table(connection: psycopg.Connection, name: str, columns: str, rows: list[Any]) -> None:
    # a test before this one may have built it
    connection.execute(f"drop table if exists {name} cascade")
    connection.execute(f"create table {name} ({columns})")
    marks = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into {name} values ({marks})", rows)


def key_of(day: date) -> int:
    return int(f"{day:%Y%m%d}")


def shadow(connection: psycopg.Connection, challenge: Challenge[Any, Any], rows: list[Any]) -> None:
    """Rows of entity_key, origin, about and value."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into predictions.shadow_predictions "
            "(model, version, as_of, entity_key, origin, about, value) "
            "values (%s, 'new', %s, %s, %s, %s, %s)",
            [(challenge.model.name, NIGHT, *row) for row in rows],
        )


def cells(connection: psycopg.Connection, challenge: Challenge[Any, Any]) -> list[tuple[Any, ...]]:
    """Entity, day, n, events, and the sums of losses of champion, challenger and naive answer."""
    found = challenge.cells(connection, CHAMPION, CHALLENGER)
    return [tuple(row) for row in found.round(9).itertuples(index=False)]


def test_hours_are_lost_by_the_share_of_incident_and_other_hours_that_were_wrong(
    connection: psycopg.Connection,
) -> None:
    """2 of 6 hours are of incidents: one wrong is 0.5 / (2/6) = 1.5, another 0.5 / (4/6) = 0.75."""
    challenge = anomaly.CHALLENGES[0]
    said = [
        # device, hour, outcome, flagged by the champion and the challenger
        (1, 0, "hit", True, 1.0),
        (1, 1, "miss", False, 1.0),
        (1, 2, "false_alarm", True, 0.0),
        (2, 0, "correct_reject", False, 1.0),
        # what the challenger did not say counts as not flagged
        (2, 1, "correct_reject", False, None),
        (2, 2, "correct_reject", False, 0.0),
        (2, 3, "expired", False, 1.0),
        (2, 4, "not_due", False, 1.0),
        # known already only because an incident came
        (1, 5, "miss", False, 0.0),
    ]
    name = challenge.model.name
    rows = [
        (name, "old", device, device, NIGHT + hour * HOUR, FIRST, outcome, flagged)
        for device, hour, outcome, flagged, _ in said
    ]
    # of another champion, and of an hour that nobody asked the challenger about
    rows += [
        (name, "older", 3, 3, NIGHT, FIRST, "miss", False),
        (name, "old", 4, 4, NIGHT, FIRST, "miss", False),
    ]
    table(
        connection,
        "predictions.prediction_outcomes",
        "model text, version text, entity_key bigint, device_key bigint, hour timestamptz, "
        "date_key integer, outcome text, is_flagged boolean",
        rows,
    )
    asked = [(device, NIGHT + hour * HOUR, value) for device, hour, _, _, value in said]
    asked += [(3, NIGHT, 1.0)]
    shadow(connection, challenge, [(key, hour, hour, value) for key, hour, value in asked])
    assert cells(connection, challenge) == [
        (1, FIRST, 3, 2, 1.5 + 0.75, 0.0, 2 * 1.5),
        (2, FIRST, 3, 0, 0.0, 0.75, 0.0),
    ]


def test_midnights_are_lost_by_the_square_of_what_the_probability_was_off(
    connection: psycopg.Connection,
) -> None:
    """2 of 4 midnights come before an incident: the naive probability is 0.5, off by a square 0.25.

    ====== ======== ================ ================
    device incident champion         challenger
    ====== ======== ================ ================
    1      yes      0.6: 0.4² = 0.16 0.8: 0.2² = 0.04
    2      no       0.2: 0.2² = 0.04 nothing: 0.25
    3      no       0.5: 0.5² = 0.25 0.1: 0.1² = 0.01
    4      yes      0.1: 0.9² = 0.81 0.3: 0.7² = 0.49
    ====== ======== ================ ================
    """
    challenge = incident.CHALLENGE
    said = [
        (1, NIGHT, "hit", 0.6, 0.8),
        (2, NIGHT, "correct_reject", 0.2, None),
        (3, NIGHT, "false_alarm", 0.5, 0.1),
        (4, NIGHT, "miss", 0.1, 0.3),
        (5, NIGHT, "expired", None, 0.3),
        (1, NIGHT + DAY, "miss", 0.1, 0.9),
        (2, NIGHT + DAY, "not_due", 0.1, 0.9),
    ]
    table(
        connection,
        "predictions.incident_outcomes",
        "model text, version text, device_key bigint, as_of timestamptz, date_key integer, "
        "outcome text, probability double precision",
        [
            (challenge.model.name, "old", device, night, key_of(night), outcome, probability)
            for device, night, outcome, probability, _ in said
        ],
    )
    shadow(
        connection, challenge, [(device, night, night, value) for device, night, *_, value in said]
    )
    assert cells(connection, challenge) == [
        (1, FIRST, 1, 1, 0.16, 0.04, 0.25),
        (2, FIRST, 1, 0, 0.04, 0.25, 0.25),
        (3, FIRST, 1, 0, 0.25, 0.01, 0.25),
        (4, FIRST, 1, 1, 0.81, 0.49, 0.25),
    ]


def test_forecasts_are_lost_by_what_they_were_off(connection: psycopg.Connection) -> None:
    """Naive repeats the week before the first day; a day without such a value is not compared."""
    challenge = capacity.CHALLENGES[0]
    resource, name = "cpu", challenge.model.name
    assert name == "capacity_cpu"
    first, second, eighth = (NIGHT.date() + days * DAY for days in (0, 1, 7))
    week_before = pd.DataFrame(
        {
            "date_key": [20260525, 20260525, 20260526, 20260526, 20260601],
            "date_day": [first - 7 * DAY] * 2 + [second - 7 * DAY] * 2 + [first],
            "device_key": [1, 2, 1, 2, 2],
            "customer_key": 7,
            "resource": [resource, resource, resource, "mem", resource],
            "y": [40.0, 30.0, 44.0, 1.0, 20.0],
            "is_masked": False,
            "known_at": NIGHT,
        }
    )
    said: list[tuple[int, date, date, float, float, float | None, str]] = [
        # device, first day, day, actual, forecasts of both, outcome
        (1, first, first, 50.0, 47.0, 52.0, "hit"),
        (1, first, second, 50.0, 60.0, 50.0, "miss"),
        # a later run about the same day
        (1, second, second, 50.0, 51.0, None, "hit"),
        (2, first, first, 20.0, 21.0, 24.0, "hit"),
        (2, first, second, 20.0, 21.0, 24.0, "hit"),
        # the 20 of its week before were not known when it was forecast
        (2, first, eighth, 24.0, 21.0, 26.0, "hit"),
    ]
    connection.execute("drop table if exists features.feat_capacity_daily cascade")
    with capacity_table(connection, week_before):
        table(
            connection,
            "predictions.forecast_outcomes",
            "model text, version text, resource text, device_key bigint, first_day date, "
            "date_day date, date_key integer, actual double precision, error double precision, "
            "outcome text",
            [
                (
                    name,
                    "old",
                    resource,
                    device,
                    start,
                    day,
                    key_of(day),
                    actual,
                    actual - forecast,
                    outcome,
                )
                for device, start, day, actual, forecast, _, outcome in said
            ],
        )
        shadow(
            connection,
            challenge,
            [
                (device, *(datetime(*each.timetuple()[:3], tzinfo=UTC) for each in days), value)
                for device, *days, _, _, value, _ in said
            ],
        )
        assert cells(connection, challenge) == [
            (1, FIRST, 1, 1, 3.0, 2.0, 10.0),
            # 10 + 1; 0 + the naive 6; 6 + 6
            (1, SECOND, 2, 2, 11.0, 6.0, 12.0),
            (2, FIRST, 1, 1, 1.0, 4.0, 10.0),
            # the naive 30 of two weeks before
            (2, 20260608, 1, 1, 3.0, 2.0, 6.0),
        ]


def test_a_challenger_flags_the_hours_since_its_training(
    connection: psycopg.Connection, faulty_estate: Estate, model: AnomalyModel
) -> None:
    frame = faulty_estate.frame.assign(role_name="server")
    is_silent = (frame["device_key"] == 1001) & (frame["hour"] >= TRAIN_END)
    frame = frame.assign(**{name: frame[name].mask(is_silent) for name in PARAMS.metrics})
    end = TRAIN_END.to_pydatetime()
    with feature_table(connection, frame):
        asked = Asked(end, None, end + 20 * DAY, end + 20 * DAY)
        found = pd.concat(anomaly.say("feat_infra_hourly", connection, model, asked)).reset_index(
            drop=True
        )
        late = asked._replace(newest=end + 5 * DAY)
        again = pd.concat(anomaly.say("feat_infra_hourly", connection, model, late))
    expected = model.predict(frame, TRAIN_END)
    assert found["entity_key"].equals(expected["device_key"])
    assert found["origin"].equals(expected["hour"]) and found["about"].equals(expected["hour"])
    assert found["value"].isna().equals(expected["score"].isna()) and found["value"].isna().any()
    assert found["value"].eq(1.0).equals(expected["is_flagged"]) and found["value"].eq(1.0).any()
    assert again["origin"].min() == TRAIN_END + pd.Timedelta(days=2)


def test_a_challenger_forecasts_from_the_newest_day_once(connection: psycopg.Connection) -> None:
    series = long_frame({100 + number: y for number, y in enumerate(noisy(6, 90, 2).values())})
    first = (START + pd.Timedelta(days=90)).date()
    as_of = datetime(first.year, first.month, first.day, 3, tzinfo=UTC)
    origin = as_of - 3 * HOUR
    fitted = fit(series, CapacityParams(horizon=7, learned=(), most=100.0))
    connection.execute("drop table if exists features.feat_capacity_daily cascade")
    with capacity_table(connection, capacity_days(series, "cpu")):
        asked = Asked(origin, None, as_of + 13 * DAY, as_of)
        (found,) = capacity.say("cpu", connection, fitted, asked)
        expected = fitted.predict(capacity_frames.frame(connection, "cpu", first, as_of))
        assert not list(capacity.say("cpu", connection, fitted, asked._replace(newest=origin)))
    assert np.array_equal(found["entity_key"], expected["unique_id"])
    assert (found["origin"] == origin).all()
    assert found["about"].dt.tz_localize(None).equals(expected["ds"])
    assert found["value"].equals(expected["yhat"]) and found["value"].notna().all()
