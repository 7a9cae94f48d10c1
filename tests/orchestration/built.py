"""What dbt has built: its rows, by relation and by day, and what it knows of them."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from tests.e2e.demos import relation_hashes

Days = dict[int, tuple[int, str, str]]
Node = dict[str, Any]

SCHEMAS = ("intermediate", "core", "features", "marts")
# The tables of single hours and alerts, with a partition for each month.
LARGE = {
    ("core", "fct_infrastructure"),
    ("core", "fct_interface_traffic_hourly"),
    ("core", "fct_security_alerts"),
    ("core", "fct_service_hourly"),
    ("marts", "network_metrics_hourly"),
}
# What the models that go ticket by ticket have to build this time: another thing after each build.
WORK_LIST = "int_ticket__to_rebuild"


def forget_states(connection: psycopg.Connection) -> None:
    """After a change that dbt cannot know of, so that nothing counts as built already."""
    connection.execute("delete from ops.built_models")


def built_state(connection: psycopg.Connection) -> dict[str, dict[str, tuple[int, str]]]:
    """By schema, rows and hash of everything that is built."""
    return {
        schema: {
            name: rows
            for name, rows in relation_hashes(connection, schema).items()
            if name != WORK_LIST
        }
        for schema in SCHEMAS
    }


def days(connection: psycopg.Connection, schema: str, name: str) -> Days:
    """Of every day its rows, a hash of them, and the transactions that wrote them."""
    rows: list[tuple[Any, ...]] = connection.execute(
        SQL(
            "select date_key, count(*), md5(string_agg(row_hash, '' order by row_hash)), "
            "string_agg(distinct written_by, ',') "
            "from (select date_key, md5(t::text) as row_hash, xmin::text as written_by "
            "from {} as t) as hashed group by date_key"
        ).format(Identifier(schema, name))
    ).fetchall()
    return {day: (count, digest, written) for day, count, digest, written in rows}
