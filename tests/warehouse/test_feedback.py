"""Feedback on alerts: whoever may give it, once, about what it sees, at the moment it is given."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.warehouse.servers import Installation
from warehouse import Warehouse, customers
from warehouse.roles import ANALYST, TRANSFORMER

DATASET = "feedback"
# As the mart has them: an anomaly of customer 7, one of customer 8.
ALERTS = """
    create table marts.predictive_alerts as
    select 71::bigint as alert_key, 7::bigint as customer_key, 'infrastructure_anomaly' as model,
        700::bigint as device_key, timestamptz '2026-03-01 10:00Z' as started_at,
        timestamptz '2026-03-01 12:00Z' as ended_at
    union all
    select 81, 8, 'infrastructure_anomaly', 800, '2026-03-01 10:00Z', '2026-03-01 12:00Z'
"""


@pytest.fixture
def estate(warehouse: Warehouse) -> Warehouse:
    """A data set with two alerts on which nobody has said anything."""
    estate = replace(warehouse, dataset=DATASET)
    estate.setup()
    with estate.connect(TRANSFORMER) as connection:
        connection.execute("drop table if exists marts.predictive_alerts")
        connection.execute(ALERTS.encode())
        connection.commit()
    with estate.connect() as connection:
        connection.execute("truncate predictions.feedback")
        connection.commit()
    return estate


@pytest.fixture
def sessions(estate: Warehouse) -> Iterator[dict[str, psycopg.Connection]]:
    """An analyst called ann, and the customers 7 and 8."""
    opened = {}
    with estate.connect() as connection:
        connection.execute("create role ann login password 'secret'")
        connection.execute(SQL("grant {} to ann").format(Identifier(ANALYST)))
        passwords = {"ann": "secret"}
        for key in (7, 8):
            customers.admit(connection, key)
            name = customers.login_of(key)
            connection.execute(
                SQL("alter role {} password 'secret'").format(Identifier(name)),
            )
            passwords[name] = "secret"
        connection.commit()
    for name, password in passwords.items():
        opened[name] = replace(estate.address, user=name, password=password).connect(
            estate.database
        )
        opened[name].autocommit = True
    yield opened
    for session in opened.values():
        session.close()
    with estate.connect() as connection:
        connection.execute(
            SQL("revoke connect on database {} from ann").format(Identifier(estate.database))
        )
        connection.execute("drop role ann")
        connection.commit()


def say(session: psycopg.Connection, alert_key: int, label: str | None) -> int:
    row = session.execute("select predictions.record_feedback(%s, %s)", (alert_key, label))
    return int((row.fetchone() or (0,))[0])


def said(estate: Warehouse) -> list[tuple[Any, ...]]:
    with estate.connect() as connection:
        return connection.execute(
            "select device_key, customer_key, label, given_by "
            "from predictions.feedback order by device_key, feedback_id"
        ).fetchall()


def test_an_analyst_speaks_of_all_and_a_customer_of_its_own(
    estate: Warehouse, sessions: dict[str, psycopg.Connection]
) -> None:
    say(sessions["ann"], 71, "ack")
    say(sessions["ann"], 81, "confirmed")
    say(sessions["opsmart_customer_7"], 71, "false_positive")
    own = [(700, 7, "ack", "ann"), (700, 7, "false_positive", "opsmart_customer_7")]
    assert said(estate) == [*own, (800, 8, "confirmed", "ann")]


def test_no_customer_speaks_of_another_whatever_it_calls_itself(
    estate: Warehouse, sessions: dict[str, psycopg.Connection]
) -> None:
    session = sessions["opsmart_customer_7"]
    refusal = "alert 81: opsmart_customer_7 sees none of that key"
    with pytest.raises(psycopg.errors.NoDataFound, match=refusal):
        say(session, 81, "confirmed")
    session.execute("select set_config('session_authorization.name', 'opsmart_customer_8', false)")
    for forged in ("opsmart_customer_8", ANALYST):
        with pytest.raises(psycopg.Error, match="permission denied to set role"):
            session.execute("select set_config('role', %s, false)", (forged,))
    session.execute("set search_path = pg_temp, marts, ops")
    with pytest.raises(psycopg.errors.NoDataFound):
        say(session, 81, "confirmed")
    # as the group nobody is mapped to a customer
    session.execute("set role opsmart_tenant")
    with pytest.raises(psycopg.errors.NoDataFound, match="opsmart_tenant sees none"):
        say(session, 71, "confirmed")
    assert said(estate) == []


def test_a_tool_that_assumes_a_customer_is_that_customer(
    estate: Warehouse, sessions: dict[str, psycopg.Connection]
) -> None:
    """The login itself may speak of all, the customer it shows a dashboard to may not."""
    with estate.connect("opsmart_customer_7") as session:
        say(session, 71, "ack")
        session.commit()
        with pytest.raises(psycopg.errors.NoDataFound):
            say(session, 81, "ack")
    assert said(estate) == [(700, 7, "ack", "opsmart_customer_7")]


def test_what_still_stands_is_not_said_twice(
    estate: Warehouse, sessions: dict[str, psycopg.Connection]
) -> None:
    ann, customer = sessions["ann"], sessions["opsmart_customer_7"]
    first = say(ann, 71, "confirmed")
    assert say(ann, 71, "confirmed") == first
    assert say(ann, 71, "ack") != first
    assert say(ann, 71, "confirmed") == first, "an acknowledgement takes no verdict back"
    other = say(customer, 71, "false_positive")
    assert say(ann, 71, "confirmed") > other, "against another verdict it is news"
    assert say(customer, 71, "false_positive") > other
    with estate.connect(TRANSFORMER) as connection:
        connection.execute("update marts.predictive_alerts set ended_at = '2026-03-01 13:00Z'")
        connection.commit()
    assert say(customer, 71, "false_positive") > other, "the alert has grown since"
    assert len(said(estate)) == 6


def test_the_same_said_at_once_is_one_row(
    estate: Warehouse, sessions: dict[str, psycopg.Connection]
) -> None:
    def again(_: int) -> int:
        with estate.connect(ANALYST) as session:
            found = say(session, 71, "ack")
            session.commit()
        return found

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(again, range(6)))) == 1


def test_the_clock_says_when(estate: Warehouse, sessions: dict[str, psycopg.Connection]) -> None:
    """Not the beginning of the caller's transaction either, which may lie long before."""
    session = sessions["ann"]
    with session.transaction():
        session.execute("select pg_sleep(0.2)")
        say(session, 71, "ack")
        began = session.execute("select now()").fetchone()
    assert began is not None
    with estate.connect() as connection:
        late = connection.execute("select given_at - %s from predictions.feedback", began)
        assert (late.fetchone() or (None,))[0].total_seconds() >= 0.2


def test_the_command_line_records_and_names_the_remedy(
    estate: Warehouse, running: Installation
) -> None:
    shell = Installation(running.home, running.environment | {"OPSMART_DATASET": DATASET})
    assert shell.must("feedback", "71", "false_positive").startswith("alert 71 is false positive: ")
    wrong = "label 'fine': give ack, false_positive, confirmed or action_taken"
    assert shell.fails("feedback", "71", "fine") == wrong
    assert "take an alert_key of marts.predictive_alerts" in shell.fails("feedback", "9", "ack")
    with estate.connect(TRANSFORMER) as connection:
        connection.execute("drop table marts.predictive_alerts")
        connection.commit()
    missing = "marts.predictive_alerts is not built yet: run a build, then give feedback"
    assert shell.fails("feedback", "71", "ack") == missing
