"""Rejected rows: kept until the contract accepts them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from ingest.contract import Key, Resource, Row, encode_json
from ingest.known import DELETED, ByKey
from ingest.report import LoadReport

PAGE_SIZE = 1000


def payload_hash(payload: Row) -> str:
    """Names a rejected row, so that the same row rejected twice is kept once."""
    return hashlib.md5(encode_json(payload).encode(), usedforsecurity=False).hexdigest()


def keep(cursor: psycopg.Cursor, report: LoadReport) -> None:
    """Store a load's rejected rows; one that was closed and is broken again opens again.

    Of several broken states of a key only the one that came last stays open.
    """
    for row in report.rejections:
        hash_, key = payload_hash(row.payload), None if row.key is None else _text(row.key)
        cursor.execute(
            """
            update quarantine.rejected_rows set status = 'superseded', closed_as_of = %s
            where source = %s and resource = %s and status = 'open' and row_key = %s
            and payload_hash <> %s
            """,
            (report.as_of, report.source, report.resource, key, hash_),
        )
        cursor.execute(
            """
            insert into quarantine.rejected_rows (
                source, resource, payload_hash, reason, field, payload, row_key, load_id, status,
                rejected_at, opened_as_of
            ) values (%s, %s, %s, %s, %s, %s, %s, %s, 'open', %s, %s)
            on conflict (source, resource, payload_hash) do update
            set status = 'open', reason = excluded.reason, field = excluded.field,
                row_key = excluded.row_key, load_id = excluded.load_id, closed_as_of = null,
                opened_as_of = case
                    when rejected_rows.status = 'open' then rejected_rows.opened_as_of
                    else excluded.opened_as_of
                end
            """,
            (
                report.source,
                report.resource,
                hash_,
                row.cause.reason,
                row.cause.field,
                Jsonb(row.payload, dumps=encode_json),
                key,
                report.load_id,
                datetime.now(UTC),
                report.as_of,
            ),
        )


def supersede(connection: psycopg.Connection, report: LoadReport, keys: Collection[Key]) -> None:
    """Close open rows of keys that a later state of which was accepted, or that are gone.

    To replay them would put an old state on top of a newer one.
    """
    with connection.transaction():
        waiting = connection.execute(
            "select distinct row_key from quarantine.rejected_rows where source = %s "
            "and resource = %s and status = 'open' and load_id < %s and row_key is not null",
            (report.source, report.resource, report.load_id),
        ).fetchall()
        # as text on both sides: of JSON a time is no time again
        texts = set(map(_text, keys)) if waiting else set()
        passed = [key for (key,) in waiting if key in texts]
        connection.execute(
            "update quarantine.rejected_rows set status = 'superseded', closed_as_of = %s "
            "where source = %s and resource = %s and status = 'open' and load_id < %s "
            "and row_key = any(%s)",
            (report.as_of, report.source, report.resource, report.load_id, passed),
        )


def count_absent(connection: psycopg.Connection, source: str, resource: Resource) -> int:
    """Open rows of an entity whose key raw does not hold in an earlier state."""
    rows = connection.execute(
        "select row_key from quarantine.rejected_rows "
        "where source = %s and resource = %s and status = 'open'",
        (source, resource.name),
    ).fetchall()
    keys = [_key(key) for (key,) in rows if key is not None]
    known = ByKey(connection, source, resource).of(keys) if keys else {}
    alive = sum(version.row_hash != DELETED for version in known.values())
    return len(rows) - alive


def _text(key: Key) -> str:
    return encode_json(list(key))


def _key(text: str) -> Key:
    return tuple(json.loads(text))


class OpenRows:
    """The open rows of a source as they were when this was made."""

    def __init__(self, connection: psycopg.Connection, source: str) -> None:
        self.source = source
        self._rows: dict[str, list[tuple[str, Row]]] = {}
        for resource, hash_, payload in connection.execute(
            "select resource, payload_hash, payload from quarantine.rejected_rows "
            "where source = %s and status = 'open' order by rejected_at, payload_hash",
            (source,),
        ):
            self._rows.setdefault(resource, []).append((hash_, payload))

    def pages(self, resource: Resource) -> Iterator[list[Row]]:
        rows = [payload for _, payload in self._rows.get(resource.name, [])]
        for start in range(0, len(rows), PAGE_SIZE):
            yield rows[start : start + PAGE_SIZE]

    def close(self, connection: psycopg.Connection, report: LoadReport) -> None:
        """Mark as replayed what the contract accepted this time."""
        still_rejected = {payload_hash(row.payload) for row in report.rejections}
        # hashed again, because jsonb may write a number otherwise than it came
        replayed = [
            hash_
            for hash_, payload in self._rows.get(report.resource, [])
            if payload_hash(payload) not in still_rejected
        ]
        with connection.transaction():
            connection.execute(
                "update quarantine.rejected_rows "
                "set status = 'replayed', replayed_at = %s, closed_as_of = %s "
                "where source = %s and resource = %s and payload_hash = any(%s)",
                (datetime.now(UTC), report.as_of, self.source, report.resource, replayed),
            )
