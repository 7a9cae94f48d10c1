"""Hours of which the source has more than raw, to be read again.

What comes later than the overlap reaches, after an outage of hours, is found by counting the hours
of the last days once more, once a day. Events are counted by rows. An hour of metrics has its row
as soon as a single scrape has come, so these are counted by what the rows say they are made of.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from ingest.contract import Resource
from ingest.source import Recountable, Source
from ingest.window import Window, floor

HOUR = timedelta(hours=1)


def differing_windows(
    connection: psycopg.Connection, source: Source, resource: Resource, end: datetime
) -> list[Window]:
    """Windows before `end` (aware UTC) in which raw has less; neighbours are joined.

    An hour with rows delivered twice or rejected differs for good and is merely read again.
    """
    if resource.recount is None or not isinstance(source, Recountable):
        return []
    last = floor(end, HOUR)
    span = Window(last - resource.recount, last)
    theirs = source.hourly_counts(resource, span)
    ours = _held_by_hour(connection, source.name, resource, span)
    windows: list[Window] = []
    for hour in sorted(theirs):
        if theirs[hour] <= ours.get(hour, 0):
            continue
        if windows and windows[-1].end == hour:
            windows[-1] = Window(windows[-1].start, hour + HOUR)
        else:
            windows.append(Window(hour, hour + HOUR))
    return windows


def _held_by_hour(
    connection: psycopg.Connection, source: str, resource: Resource, span: Window
) -> dict[datetime, int]:
    moment = sql.Identifier(resource.changed_at[0])
    held: sql.Composable = sql.SQL("count(*)")
    if resource.recount_by:
        summed = sql.Identifier(resource.recount_by)
        held = sql.SQL("coalesce(sum({}), 0)::bigint").format(summed)
    rows: sql.Composable = sql.SQL("{table} where {moment} >= %s and {moment} < %s").format(
        table=sql.Identifier(f"raw_{source}", resource.name), moment=moment
    )
    if resource.is_versioned:
        rows = sql.SQL(
            "(select distinct on ({keys}) * from {rows} order by {keys}, _known_at desc) as newest"
        ).format(keys=sql.SQL(", ").join(map(sql.Identifier, resource.key)), rows=rows)
    query = sql.SQL(
        "select date_trunc('hour', {moment}, 'UTC'), {held} from {rows} group by 1"
    ).format(moment=moment, held=held, rows=rows)
    return dict(connection.execute(query, (span.start, span.end)).fetchall())
