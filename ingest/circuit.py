"""A source that keeps failing is left alone for a while, then asked again.

A dead source costs time, and a wrong password repeated every minute locks an account out (Wazuh:
fifty logins). After a few failed loads in a row the next ones are refused until a pause is over,
which doubles each time. ``python -m ingest check`` closes the circuit once the source answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg

from ingest.errors import SourceError

FREE_FAILURES = 3
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)


@contextmanager
def circuit(
    connection: psycopg.Connection, source: str, *, is_forced: bool = False
) -> Iterator[None]:
    """Run a load unless the source is being left alone; remember how it ended.

    `connection` is idle. `is_forced`: a person has looked and wants it now. Times are the wall
    clock's, since this is about sparing a service now.

    Raises:
        SourceError: the load's own, or that the source is left alone until a moment.
    """
    row = connection.execute(
        "select failures, retry_at, last_error from ops.source_circuits where source = %s",
        (source,),
    ).fetchone()
    connection.commit()
    failures, retry_at, last_error = row or (0, None, None)
    if not is_forced and retry_at is not None and datetime.now(UTC) < retry_at:
        raise SourceError(
            source,
            f"left alone until {retry_at.astimezone(UTC):%H:%M:%S} UTC after {failures} failed "
            f"loads (last: {last_error}); `python -m ingest check {source}` ends the pause",
        )
    try:
        yield
    except SourceError as error:
        connection.rollback()
        _remember(connection, source, failures + 1, str(error))
        raise
    close(connection, source)


def close(connection: psycopg.Connection, source: str) -> None:
    """Forget the failures of a source."""
    connection.execute("delete from ops.source_circuits where source = %s", (source,))
    connection.commit()


def _remember(connection: psycopg.Connection, source: str, failures: int, error: str) -> None:
    now = datetime.now(UTC)
    pauses = failures - FREE_FAILURES
    pause = None if pauses < 0 else min(FIRST_PAUSE * 2 ** min(pauses, 10), LONGEST_PAUSE)
    connection.execute(
        """
        insert into ops.source_circuits (source, failures, last_failed_at, last_error, retry_at)
        values (%(source)s, %(failures)s, %(now)s, %(error)s, %(retry_at)s)
        on conflict (source) do update
        set failures = excluded.failures,
            last_failed_at = excluded.last_failed_at,
            last_error = excluded.last_error,
            retry_at = excluded.retry_at
        """,
        {
            "source": source,
            "failures": failures,
            "now": now,
            "error": error,
            "retry_at": pause and now + pause,
        },
    )
    connection.commit()
