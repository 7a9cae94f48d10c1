"""A source that keeps failing is left alone, for longer each time, until it answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from ingest.circuit import circuit
from ingest.errors import SourceError
from warehouse import Warehouse


def fail(connection: psycopg.Connection, times: int = 1) -> None:
    """Let loads fail, each after the pause of the one before it is over."""
    for _ in range(times):
        end_pause(connection)
        with pytest.raises(SourceError, match="no answer"), circuit(connection, "netbox"):
            raise SourceError("netbox", "no answer")


def end_pause(connection: psycopg.Connection) -> None:
    connection.execute("update ops.source_circuits set retry_at = now() - interval '1 second'")
    connection.commit()


def kept(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """Failures, last error and pause."""
    return connection.execute(
        "select failures, last_error, retry_at - last_failed_at from ops.source_circuits"
    ).fetchall()


def test_the_pause_begins_with_the_third_failure_and_doubles_to_half_an_hour(
    raw: Warehouse,
) -> None:
    with raw.connect() as connection:
        pauses = []
        for _ in range(9):
            fail(connection)
            ((_, _, pause),) = kept(connection)
            pauses.append(pause and pause // timedelta(minutes=1))
        assert pauses == [None, None, 1, 2, 4, 8, 16, 30, 30]


def test_nothing_is_asked_of_a_source_that_is_left_alone(raw: Warehouse) -> None:
    with raw.connect() as connection:
        fail(connection, times=3)
        with (
            pytest.raises(
                SourceError,
                match=r"left alone until \d\d:\d\d:\d\d UTC after 3 failed loads "
                r"\(last: netbox: no answer\); `python -m ingest check netbox` ends the pause",
            ),
            circuit(connection, "netbox"),
        ):
            raise AssertionError("asked")
        # being refused is no failure of the source
        assert kept(connection) == [(3, "netbox: no answer", timedelta(minutes=1))]
        with circuit(connection, "wazuh"):
            pass


def test_a_load_that_goes_well_after_the_pause_forgets_it_all(raw: Warehouse) -> None:
    with raw.connect() as connection:
        fail(connection, times=4)
        end_pause(connection)
        with circuit(connection, "netbox"):
            pass
        assert kept(connection) == []


def test_what_is_not_the_sources_fault_is_not_counted(raw: Warehouse) -> None:
    with raw.connect() as connection:
        with pytest.raises(KeyError), circuit(connection, "netbox"):
            raise KeyError("a mistake of ours")
        connection.rollback()
        assert kept(connection) == []
