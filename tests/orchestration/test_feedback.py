"""Feedback changes outcomes and labels from the moment it was given, and nothing before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import psycopg
import pytest

from tests.e2e.demos import Home
from tests.orchestration.built import days

MODELS = (
    "stg_feedback__events",
    "int_feedback__verdicts",
    "feat_infra_hourly",
    "feat_incident_daily",
    "prediction_outcomes",
    "alert_steps",
    "alerts",
    "predictive_alerts",
    "recommendations",
)
HOUR = timedelta(hours=1)


class Alert(NamedTuple):
    alert_key: int
    device_key: int
    started_at: datetime
    ended_at: datetime


def rows(home: Home, query: str, *values: object) -> list[tuple[Any, ...]]:
    with home.connect() as connection:
        return connection.execute(query.encode(), values).fetchall()


@pytest.fixture
def alert(home: Home, as_of: str) -> Iterator[Alert]:
    """An anomaly that proved a false alarm; what is said of it is forgotten at the end."""
    found = rows(
        home,
        """
        select alert_key, device_key, started_at, ended_at
        from marts.predictive_alerts as alerts
        where
            model = 'infrastructure_anomaly'
            and (
                select bool_and(outcome = 'false_alarm')
                from predictions.prediction_outcomes as outcomes
                where
                    is_flagged and outcomes.model = alerts.model
                    and outcomes.device_key = alerts.device_key
                    and hour >= started_at and hour < ended_at
            )
        order by started_at, alert_key limit 1
        """,
    )
    assert found, "an estate with a false alarm"
    yield Alert(*found[0])
    with home.connect() as connection:
        connection.execute("delete from predictions.feedback")
    home.dbt("run", "--select", *MODELS, as_of=as_of)


def answer(home: Home, alert: Alert, label: str, given_at: datetime) -> None:
    """What the function records of the owner, as if the clock had shown `given_at`."""
    with home.connect() as connection, connection.transaction():
        recorded = connection.execute(
            "select predictions.record_feedback(%s, %s)", (alert.alert_key, label)
        ).fetchone()
        connection.execute(
            "update predictions.feedback set given_at = %s where feedback_id = %s",
            (given_at, *(recorded or ())),
        )


def outcomes(home: Home, alert: Alert) -> set[tuple[str, datetime]]:
    """How the flagged hours of the alert turned out, and since when that is known."""
    return set(
        rows(
            home,
            "select outcome, outcome_known_at from predictions.prediction_outcomes "
            "where model = 'infrastructure_anomaly' and is_flagged "
            "and device_key = %s and hour >= %s and hour < %s",
            alert.device_key,
            alert.started_at,
            alert.ended_at,
        )
    )


def masked(home: Home, alert: Alert) -> set[tuple[datetime | None]]:
    """Since when the hours of the alert are known as confirmed."""
    return set(
        rows(
            home,
            "select confirmed_at from features.feat_infra_hourly "
            "where device_key = %s and hour >= %s and hour < %s",
            alert.device_key,
            alert.started_at,
            alert.ended_at,
        )
    )


def test_feedback_is_known_from_when_it_was_given(home: Home, as_of: str, alert: Alert) -> None:
    given_at = datetime.fromisoformat(as_of) + HOUR
    run = ("run", "--select", *MODELS)
    with home.connect() as connection:
        before = days(connection, "predictions", "prediction_outcomes")
        false_alarm = outcomes(home, alert)
        answer(home, alert, "confirmed", given_at)
        home.dbt(*run, as_of=as_of)
        assert outcomes(home, alert) == false_alarm, "nothing is known before it was said"
        assert masked(home, alert) == {(None,)}
        assert days(connection, "predictions", "prediction_outcomes") == before

        home.dbt(*run, as_of=(given_at + HOUR).isoformat())
        assert outcomes(home, alert) == {("hit", given_at)}
        assert masked(home, alert) == {(given_at,)}
        after = days(connection, "predictions", "prediction_outcomes")
        last = int(f"{alert.ended_at + timedelta(days=1):%Y%m%d}")
        first = int(f"{alert.started_at - timedelta(days=1):%Y%m%d}")
        written = {day for day in after if after[day][2] != before[day][2]}
        assert written and all(first <= day <= last for day in written), "few days are judged again"

        home.dbt(*run, as_of=as_of)
        assert outcomes(home, alert) == false_alarm, "a build for an earlier moment forgets it"


def test_the_alert_shows_what_was_said_and_a_dismissed_one_is_closed(
    home: Home, as_of: str, alert: Alert
) -> None:
    moment = datetime.fromisoformat(as_of)
    answer(home, alert, "ack", moment - 2 * HOUR)
    answer(home, alert, "false_positive", moment - HOUR)
    home.dbt("run", "--select", *MODELS, as_of=as_of)
    shown = rows(
        home,
        "select acknowledged_at, reviewed_at, is_false_positive, is_active, recommendation_state "
        "from marts.predictive_alerts join marts.recommendations using (alert_key) "
        "where alert_key = %s",
        alert.alert_key,
    )
    assert shown == [(moment - 2 * HOUR, moment - HOUR, True, False, "dismissed")]


def test_every_customer_answers_its_own_alerts_alone(home: Home, first: str) -> None:
    """The mart's keys and the function's rule are of the same customers."""
    owners = rows(
        home,
        "select customer_key, min(alert_key) from marts.predictive_alerts "
        "where customer_key > 0 group by 1 order by 1 limit 2",
    )
    assert len(owners) == 2
    with home.connect() as connection:
        connection.execute(
            "insert into ops.customer_roles values ('opsmart_tenant', %s)", (owners[0][0],)
        )
        try:
            with psycopg.connect(home.url("--role", "opsmart_tenant")) as session:
                call = "select predictions.record_feedback(%s, 'ack')"
                assert session.execute(call, (owners[0][1],)).fetchone()
                with pytest.raises(psycopg.errors.NoDataFound):
                    session.execute(call, (owners[1][1],))
                session.rollback()
        finally:
            connection.execute("delete from ops.customer_roles where role_name = 'opsmart_tenant'")
