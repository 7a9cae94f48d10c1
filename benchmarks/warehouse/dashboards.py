"""Queries as dashboards send them to the marts, timed as the reader's role.

Of every mart: its last days by its own dimension, the same for one customer, and the 20 rows that
stand out.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg
from psycopg.sql import SQL, Composed, Identifier, Literal

REPETITIONS = 21


class Tile(NamedTuple):
    """A mart, its time column, a dimension to group by, a measure that may be summed.

    `level` is that of the rows to read, where a mart has several; `days` is how many of the last
    days are asked for.
    """

    mart: str
    time: str
    dimension: str
    measure: str
    level: str | None = None
    days: int = 30


TILES = (
    Tile("infrastructure_summary_daily", "date_day", "site_name", "device_hours"),
    Tile("ticket_metrics_daily", "date_day", "team", "created", level="customer_team"),
    Tile("security_metrics_daily", "date_day", "site_name", "alerts"),
    Tile("network_metrics_daily", "date_day", "site_name", "octets"),
    # single hours are looked at for a day or two; who asks for a month asks the daily mart
    Tile("network_metrics_hourly", "hour", "host", "octets", days=2),
    Tile("capacity_planning_monthly", "month_start", "role_name", "measured_hours"),
    Tile("customer_health_score_monthly", "month_start", "health_band", "tickets_created"),
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
        for name, query in _queries(tile, _first_day(connection, tile)).items():
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


def _first_day(connection: psycopg.Connection, tile: Tile) -> int:
    """The first day, as yyyymmdd, of the last ones that a tile asks for."""
    query = SQL("select max(date_key)::text from {}").format(Identifier("marts", tile.mart))
    (last,) = connection.execute(query).fetchone() or (None,)
    if last is None:
        raise ValueError(f"marts.{tile.mart} is empty: nothing can be asked of it")
    day = datetime.strptime(last, "%Y%m%d") - timedelta(days=tile.days - 1)  # noqa: DTZ007
    return int(day.strftime("%Y%m%d"))


def _queries(tile: Tile, first_day: int) -> dict[str, Composed]:
    level = SQL(" and level = {}").format(Literal(tile.level)) if tile.level else SQL("")
    names = {
        "mart": Identifier("marts", tile.mart),
        "time": Identifier(tile.time),
        "dimension": Identifier(tile.dimension),
        "measure": Identifier(tile.measure),
        # a literal, as a time filter of a dashboard sends it, so that partitions can be pruned
        "recent": SQL("date_key >= {}").format(Literal(first_day)) + level,
    }
    busiest = SQL(
        "(select customer_key from {mart} where customer_key > 0 and {recent} "
        "group by 1 order by count(*) desc, 1 limit 1)"
    ).format(**names)
    texts = {
        f"{tile.days} days by dimension": SQL(
            "select {time}::date, {dimension}, sum({measure}) from {mart} where {recent} "
            "group by 1, 2"
        ),
        "one customer": SQL(
            "select {time}::date, sum({measure}) from {mart} where {recent} "
            "and customer_key = {busiest} group by 1"
        ),
        "top 20": SQL(
            "select {dimension}, sum({measure}) from {mart} where {recent} "
            "group by 1 order by 2 desc nulls last, 1 limit 20"
        ),
    }
    return {name: text.format(**names, busiest=busiest) for name, text in texts.items()}


def _milliseconds(connection: psycopg.Connection, query: Composed) -> float:
    started = time.perf_counter()
    connection.execute(query).fetchall()
    return 1000 * (time.perf_counter() - started)
