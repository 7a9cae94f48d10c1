"""Queries as dashboards send them to the marts, timed as the reader's role.

Of every mart: the last 30 days by its own dimension, the same for one customer, and the 20 rows
that stand out.
"""

from __future__ import annotations

import time
from typing import NamedTuple

import msgspec
import psycopg
from psycopg.sql import SQL, Composed, Identifier

REPETITIONS = 21


class Tile(NamedTuple):
    """A mart, its time column, a dimension to group by, a measure that may be summed."""

    mart: str
    time: str
    dimension: str
    measure: str


TILES = (
    Tile("infrastructure_summary_daily", "date_day", "site_name", "device_hours"),
    Tile("ticket_metrics_daily", "date_day", "team", "created"),
    Tile("security_metrics_daily", "date_day", "site_name", "alerts"),
    Tile("network_metrics_hourly", "hour", "host", "octets"),
)


class Timing(msgspec.Struct):
    """Milliseconds of one query, warm: the middle and the 95th percentile of its repetitions."""

    mart: str
    query: str
    p50_ms: float
    p95_ms: float
    all_ms: list[float]


def timings(connection: psycopg.Connection) -> list[Timing]:
    """Time every query of every tile; `connection` is the reader's."""
    found = []
    for tile in TILES:
        for name, query in _queries(tile).items():
            connection.execute(query).fetchall()
            milliseconds = sorted(_milliseconds(connection, query) for _ in range(REPETITIONS))
            found.append(
                Timing(
                    tile.mart,
                    name,
                    percentile(milliseconds, 0.5),
                    percentile(milliseconds, 0.95),
                    milliseconds,
                )
            )
    return found


def percentile(values: list[float], share: float) -> float:
    """The smallest of the values that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _queries(tile: Tile) -> dict[str, Composed]:
    names = {
        "mart": Identifier("marts", tile.mart),
        "time": Identifier(tile.time),
        "dimension": Identifier(tile.dimension),
        "measure": Identifier(tile.measure),
    }
    recent = SQL("{time} > (select max({time}) from {mart}) - interval '30 days'")
    busiest = SQL(
        "select customer_key from {mart} where customer_key > 0 "
        "group by 1 order by count(*) desc, 1 limit 1"
    )
    texts = {
        "30 days by dimension": SQL(
            "select {time}::date, {dimension}, sum({measure}) from {mart} where "
        )
        + recent
        + SQL(" group by 1, 2"),
        "one customer": SQL("select {time}::date, sum({measure}) from {mart} where ")
        + recent
        + SQL(" and customer_key = (")
        + busiest
        + SQL(") group by 1"),
        "top 20": SQL("select {dimension}, sum({measure}) from {mart} where ")
        + recent
        + SQL(" group by 1 order by 2 desc nulls last, 1 limit 20"),
    }
    return {name: SQL(text.as_string()).format(**names) for name, text in texts.items()}


def _milliseconds(connection: psycopg.Connection, query: Composed) -> float:
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return 1000 * (time.perf_counter() - started)
