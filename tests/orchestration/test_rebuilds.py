"""Building again what is built: the same rows, and only where it was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.e2e.demos import Home
from tests.orchestration.built import (
    LARGE,
    WORK_LIST,
    Node,
    built_state,
    days,
    forget_states,
)


@pytest.fixture(scope="module")
def rekeyed(models: list[Node]) -> list[tuple[str, str, str]]:
    """Schema, name and `rekeyed_by` of every model that leaves the days of other hosts alone."""
    return [
        (node["schema"], node["name"], node["config"]["rekeyed_by"])
        for node in models
        if "rekeyed_by" in node["config"]
    ]


@pytest.fixture(scope="module")
def versioned(models: list[Node]) -> list[tuple[str, str]]:
    """Schema and name of every model that asks what the inventory says otherwise than before."""
    return [
        (node["schema"], node["name"])
        for node in models
        if any(name.endswith("int_device__possible_keys") for name in node["depends_on"]["nodes"])
    ]


@pytest.fixture(scope="module")
def by_ticket(models: list[Node]) -> list[tuple[str, str]]:
    """Schema and name of every model that is built ticket by ticket."""
    return [
        (node["schema"], node["name"])
        for node in models
        if any("forget_tickets_to_rebuild" in hook["sql"] for hook in node["config"]["pre-hook"])
    ]


def tickets_written(connection: psycopg.Connection, schema: str, name: str) -> dict[int, str]:
    """Of every ticket the transactions that wrote its rows."""
    rows: list[tuple[int, str]] = connection.execute(
        SQL(
            "select ticket_id, string_agg(distinct xmin::text, ',') from {} group by ticket_id"
        ).format(Identifier(schema, name))
    ).fetchall()
    return dict(rows)


@contextmanager
def read_all_along(home: Home) -> Iterator[None]:
    """Read facts and marts again and again meanwhile: always every day, and all of its rows."""
    sessions = {"core": home.connect(), "marts": home.connect("--role", "opsmart_reader")}
    read = (*sorted(LARGE), ("core", "fct_infrastructure_daily"), ("marts", "top_threats_daily"))
    done = threading.Event()

    def rows(schema: str, name: str) -> dict[int, int]:
        query = SQL("select date_key, count(*) from {} group by 1").format(Identifier(schema, name))
        return dict(sessions[schema].execute(query).fetchall())

    def look() -> int:
        looks = 0
        while not done.is_set():
            for model in read:
                assert rows(*model) == whole[model], model
            looks += 1
        return looks

    whole = {model: rows(*model) for model in read}
    assert all(whole.values())
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(look)
        try:
            yield
        finally:
            done.set()
    assert reading.result() > 2
    for session in sessions.values():
        session.close()


def test_days_built_again_are_the_same_and_their_neighbours_untouched(
    home: Home, as_of: str, by_day: list[tuple[str, str]]
) -> None:
    asked = {20260210, 20260211, 20260212}
    assert set(by_day) > LARGE
    with home.connect() as connection:
        # what changed and changed back is still to be read by day
        forget_states(connection)
        home.dbt("run", as_of=as_of)
        all_before = built_state(connection)
        before = {model: days(connection, *model) for model in by_day}
        for models in ([name for _, name in by_day], ["*"]):
            with read_all_along(home):
                home.dbt(
                    *("run", "--select", *models),
                    as_of=as_of,
                    rebuild_from="2026-02-10",
                    rebuild_to="2026-02-12",
                )
            for model in by_day:
                after = days(connection, *model)
                assert set(after) == set(before[model])
                for day, (count, digest, written) in after.items():
                    then = before[model][day]
                    assert (count, digest) == then[:2], (model, day)
                    assert (written == then[2]) == (day not in asked), (model, day)
                before[model] = after
        assert built_state(connection) == all_before


def test_everything_built_from_raw_again_equals_what_grew_day_by_day(
    home: Home, as_of: str
) -> None:
    with home.connect() as connection:
        before = built_state(connection)
        with read_all_along(home):
            home.dbt("run", "--full-refresh", as_of=as_of)
        for schema, after in built_state(connection).items():
            assert after.keys() == before[schema].keys()
            changed = {name for name in after if after[name] != before[schema][name]}
            assert not changed, schema


def test_only_tickets_with_news_are_built_again(
    home: Home, as_of: str, by_ticket: list[tuple[str, str]]
) -> None:
    """First none; then one that a broken build left without its events, and one that is gone."""
    models = [name for _, name in by_ticket]
    with home.connect() as connection:
        before = built_state(connection)
        written = {model: tickets_written(connection, *model) for model in by_ticket}
        assert len(written) == 11
        assert all(written.values())
        forget_states(connection)
        home.dbt("run", "--select", WORK_LIST, *models, as_of=as_of)
        assert {model: tickets_written(connection, *model) for model in by_ticket} == written

        half_built = max(written["core", "fct_ticket_backlog_daily"])
        for sql in (
            "delete from core.fct_ticket_events where ticket_id = %(ticket)s",
            "delete from intermediate.int_ticket__built where ticket_id = %(ticket)s",
            "insert into intermediate.int_ticket__built values (-1, 1)",
            "insert into intermediate.int_ticket__stage_moves (ticket_id) values (-1)",
        ):
            connection.execute(sql, {"ticket": half_built})
        forget_states(connection)
        home.dbt("run", "--select", WORK_LIST, *models, as_of=as_of)
        assert built_state(connection) == before
        for model in by_ticket:
            after = tickets_written(connection, *model)
            changed = {ticket for ticket in after if after[ticket] != written[model].get(ticket)}
            assert changed <= {half_built}, model


def written_rows(
    connection: psycopg.Connection, schema: str, name: str, column: str
) -> dict[Any, set[str]]:
    """By value of a column, where each of its rows lies and which transaction wrote it."""
    rows: list[tuple[Any, list[str]]] = connection.execute(
        SQL(
            "select {0}, array_agg(tableoid || ' ' || ctid || ' ' || xmin) from {1} group by {0}"
        ).format(Identifier(column), Identifier(schema, name))
    ).fetchall()
    return {value: set(places) for value, places in rows}


@pytest.mark.parametrize("is_name_shared", [False, True])
def test_a_host_found_to_be_another_device_is_built_again(
    home: Home, as_of: str, rekeyed: list[tuple[str, str, str]], is_name_shared: bool
) -> None:
    """As if the facts had been built before three hosts were found in the inventory.

    Each is built again alone, but for names that turned out to be shared: then its days are.
    """
    assert {(schema, name) for schema, name, _ in rekeyed} > LARGE
    with home.connect() as connection:
        before = built_state(connection)
        found: list[tuple[str, int]] = connection.execute(
            "(select host, customer_key from core.fct_interface_traffic_hourly "
            "order by customer_key, host limit 1) "
            "union select min(host), -1 from core.fct_service_hourly "
            "union select min(host), -1 from core.fct_security_alerts where device_key > 0"
        ).fetchall()
        hosts = [host for host, _ in found]
        may_change: dict[str, set[Any]] = {
            "host": set(hosts),
            "customer_key": {customer for _, customer in found},
        }
        untouched = {model: written_rows(connection, *model) for model in rekeyed}
        connection.execute(
            "insert into intermediate.int_device__possible_keys "
            "select host, -77, -1, false, %s from unnest(%s::text[]) as found (host)",
            (is_name_shared, hosts),
        )
        for schema, name, _ in rekeyed:
            updated = connection.execute(
                SQL(
                    "update {} set device_key = -77, customer_key = -1 where host = any(%s)"
                ).format(Identifier(schema, name)),
                (hosts,),
            )
            assert updated.rowcount, name
        forget_states(connection)
        home.dbt("run", "--select", *(name for _, name, _ in rekeyed), as_of=as_of)
        connection.execute(
            "delete from intermediate.int_device__possible_keys where device_key = -77"
        )
        assert built_state(connection) == before
        for model in rekeyed:
            after = written_rows(connection, *model)
            changed = {value for value in after if after[value] != untouched[model][value]}
            assert changed, model
            assert is_name_shared or changed <= may_change[model[2]], model


def test_what_was_built_before_the_inventory_came_is_built_again(
    home: Home, as_of: str, versioned: list[tuple[str, str]]
) -> None:
    """As if NetBox had been silent when a device changed, and said so only now: from then on."""
    assert set(versioned) > LARGE
    changed_at = datetime(2026, 2, 20, 10, 30, tzinfo=UTC)
    with home.connect() as connection:
        before = built_state(connection)
        hours = written_rows(connection, "core", "fct_infrastructure", "hour")
        found = connection.execute(
            "select max(device_key) from core.fct_interface_traffic_hourly "
            "union select max(device_key) from core.fct_security_alerts where date_key > 20260221 "
            "union select max(device_key) from core.fct_service_hourly"
        ).fetchall()
        devices = [device for (device,) in found]
        for schema, name in versioned:
            updated = connection.execute(
                SQL(
                    "update {} set site_key = -1 where device_key = any(%s) and date_key >= %s"
                ).format(Identifier(schema, name)),
                (devices, 20260201 if name.endswith("monthly") else 20260221),
            )
            assert updated.rowcount, name
        connection.execute(
            "update ops.read_device_versions set valid_to = %s "
            "where device_key = any(%s) and valid_to > %s",
            (changed_at, devices, changed_at),
        )
        forget_states(connection)
        home.dbt("run", "--select", *(name for _, name in versioned), as_of=as_of)
        assert built_state(connection) == before
        after = written_rows(connection, "core", "fct_infrastructure", "hour")
        assert {hour for hour in after if after[hour] != hours[hour]} == {
            hour for hour in after if hour >= changed_at
        }
