"""Hours of an event of which the source counts more rows than raw has, to be read again.

What is indexed later than the overlap reaches, after an outage of hours, is found by counting the
hours of the last days once more, once a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from psycopg import sql

from ingest.contract import Resource
from ingest.source import Source
from ingest.window import Window, floor

HOUR = timedelta(hours=1)


def differing_windows(
    connection: psycopg.Connection, source: Source, resource: Resource, end: datetime
) -> list[Window]:
    """Windows before `end` (aware UTC) in which raw has fewer rows; neighbours are joined.

    An hour with rows delivered twice or rejected differs for good and is merely read again.
    """
    if resource.recount is None:
        return []
    last = floor(end, HOUR)
    span = Window(last - resource.recount, last)
    theirs = source.hourly_counts(resource, span)
    ours = _hourly_counts(connection, source.name, resource, span)
    windows: list[Window] = []
    for hour in sorted(theirs):
        if theirs[hour] <= ours.get(hour, 0):
            continue
        if windows and windows[-1].end == hour:
            windows[-1] = Window(windows[-1].start, hour + HOUR)
        else:
            windows.append(Window(hour, hour + HOUR))
    return windows


def _hourly_counts(
    connection: psycopg.Connection, source: str, resource: Resource, span: Window
) -> dict[datetime, int]:
    moment = sql.Identifier(resource.changed_at[0])
    query = sql.SQL(
        "select date_trunc('hour', {moment}, 'UTC'), count(*) from {table} "
        "where {moment} >= %s and {moment} < %s group by 1"
    ).format(moment=moment, table=sql.Identifier(f"raw_{source}", resource.name))
    return dict(connection.execute(query, (span.start, span.end)).fetchall())
