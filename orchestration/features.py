"""What the models of anomalies read: hours of devices, interfaces or agents out of the warehouse.

An estate of years does not fit in memory, so no reading here is larger than a bound: training reads
a sample of entities, scoring goes through all of them in turn. `table` is one of schema features
with a row per hour and entity, which the `axis` of the params names, and the device it belongs to.
Hours are asked for by their day (date_key) too, which knows the partition.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql

from ml.anomaly_params import COVERAGE, AnomalyParams

# About 85 entities with the history a score looks at, some 100 MB.
ROWS_AT_ONCE = 200_000
_LINES_AT_ONCE = 1_000

# The masks and labels of hours, with what people said of alerts by a moment.
_MASKS = sql.SQL("""
    is_masked or coalesce(confirmed_at <= {known_by}, false) as is_masked,
    (is_incident or coalesce(near_confirmed_at <= {known_by}, false))
    and not coalesce(dismissed_at <= {known_by}, false) as is_incident
""")

# As many of each device role as its share, at least one; always the same ones of the same entities.
_SAMPLED = sql.SQL("""
    select {entity}
    from (
        select
            {entity},
            md5({entity}::text) as lot,
            (row_number() over (partition by role_name order by md5({entity}::text)) - 1)
            / count(*) over (partition by role_name)::numeric as place
        from (
            select {entity}, max(role_name) as role_name
            from {table}
            where {within}
            group by {entity}
        ) as entities
    ) as placed
    order by place, lot
    limit {most}
""")


def hours_recorded(connection: psycopg.Connection, table: str) -> tuple[datetime, datetime] | None:
    """The first and the newest hour of any entity (aware UTC); None if nothing was measured."""
    query = sql.SQL("select min(hour), max(hour) from {}").format(_named(table))
    first, newest = connection.execute(query).fetchone() or (None, None)
    return None if first is None else (first, newest)


def rows_since(connection: psycopg.Connection, table: str, start: datetime) -> int:
    """How many rows there are at or after `start`."""
    query = sql.SQL("select count(*) from {} where {}").format(_named(table), _since(start))
    return int((connection.execute(query).fetchone() or (0,))[0])


def sample(
    connection: psycopg.Connection,
    table: str,
    params: AnomalyParams,
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Rows with start <= hour < end of at most `params.sample_devices` entities, by role.

    Of what people said of alerts that counts which was said by `end`.

    The columns a model with `params` reads, and device_key, named as in the table: bigint keys,
    datetime64[UTC] hours, float64 metrics (NaN = not measured), bool masks.
    """
    entity = sql.Identifier(params.axis.entity)
    within = sql.SQL("{} and date_key <= {} and hour < {}").format(
        _since(start), _day(end), sql.Literal(end)
    )
    sampled = _SAMPLED.format(
        entity=entity,
        table=_named(table),
        within=within,
        most=sql.Literal(params.sample_devices),
    )
    where = sql.SQL("{} and {} in ({})").format(within, entity, sampled)
    with _read(connection, table, params, where, end) as chunks:
        return pd.concat(chunks, ignore_index=True)


def by_entities(
    connection: psycopg.Connection,
    table: str,
    params: AnomalyParams,
    start: datetime,
    known_by: datetime,
) -> Iterator[pd.DataFrame]:
    """Rows at or after `start` (aware UTC) of every entity, some whole entities at a time.

    Of what people said of alerts that counts which was said by `known_by`, the first hour scored.

    The frames are as `sample` returns them, by entity and hour; each is about `ROWS_AT_ONCE` long.
    The connection is taken until the last of them.
    """
    unfinished = None
    entity = params.axis.entity
    with _read(connection, table, params, _since(start), known_by) as chunks:
        for chunk in chunks:
            if chunk.empty:
                # a header alone
                return
            rows = pd.concat([unfinished, chunk], ignore_index=True)
            is_last = rows[entity] == rows[entity].iloc[-1]
            if not is_last.all():
                yield rows[~is_last]
            unfinished = rows[is_last]
        if unfinished is not None:
            yield unfinished


@contextmanager
def _read(
    connection: psycopg.Connection,
    table: str,
    params: AnomalyParams,
    where: sql.Composable,
    known_by: datetime,
) -> Iterator[Iterator[pd.DataFrame]]:
    """The rows of a condition, by entity and hour, in frames of at most `ROWS_AT_ONCE` rows."""
    numbers = [*params.metrics, COVERAGE]
    # of devices both keys are one
    keys = dict.fromkeys((params.axis.entity, "device_key"))
    query = sql.SQL(
        "copy (select {columns}, extract(epoch from hour)::bigint as hour, {masks} "
        "from {table} where {where} order by {entity}, hour) "
        "to stdout with (format csv, header)"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, (*keys, *numbers))),
        masks=_MASKS.format(known_by=sql.Literal(known_by)),
        table=_named(table),
        where=where,
        entity=sql.Identifier(params.axis.entity),
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(query) as copy,
        pd.read_csv(
            io.BufferedReader(_Lines(copy)),
            dtype=dict.fromkeys(numbers, "float64"),
            true_values=["t"],
            false_values=["f"],
            chunksize=ROWS_AT_ONCE,
        ) as chunks,
    ):
        yield (
            chunk.assign(hour=pd.to_datetime(chunk["hour"], unit="s", utc=True)) for chunk in chunks
        )


def _since(start: datetime) -> sql.Composed:
    return sql.SQL("date_key >= {} and hour >= {}").format(_day(start), sql.Literal(start))


def _day(moment: datetime) -> sql.Literal:
    return sql.Literal(int(f"{moment.astimezone(UTC):%Y%m%d}"))


def _named(table: str) -> sql.Identifier:
    return sql.Identifier("features", table)


class _Lines(io.RawIOBase):
    """What a COPY sends, line by line, as a file."""

    def __init__(self, copy: psycopg.Copy) -> None:
        self._lines = iter(copy)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        if not self._rest:
            self._rest = memoryview(b"".join(islice(self._lines, _LINES_AT_ONCE)))
        view = memoryview(target)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
