"""Rejected rows: kept until the contract accepts them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from psycopg.types.json import Jsonb

from ingest.contract import Resource, Row, encode_json
from ingest.report import LoadReport

PAGE_SIZE = 1000


def payload_hash(payload: Row) -> str:
    """Names a rejected row, so that the same row rejected twice is kept once."""
    return hashlib.md5(encode_json(payload).encode(), usedforsecurity=False).hexdigest()


def keep(cursor: psycopg.Cursor, report: LoadReport) -> None:
    """Store a load's rejected rows; one that was replayed and is broken again opens again."""
    cursor.executemany(
        """
        insert into quarantine.rejected_rows (
            source, resource, payload_hash, reason, field, payload, load_id, status, rejected_at
        ) values (%s, %s, %s, %s, %s, %s, %s, 'open', %s)
        on conflict (source, resource, payload_hash) do update
        set status = 'open', reason = excluded.reason, field = excluded.field
        """,
        [
            (
                report.source,
                report.resource,
                payload_hash(payload),
                rejected.reason,
                rejected.field,
                Jsonb(payload, dumps=encode_json),
                report.load_id,
                datetime.now(UTC),
            )
            for payload, rejected in report.rejections
        ],
    )


def count_open(cursor: psycopg.Cursor, source: str, resource: str) -> int:
    row = cursor.execute(
        "select count(*) from quarantine.rejected_rows "
        "where source = %s and resource = %s and status = 'open'",
        (source, resource),
    ).fetchone()
    return int(row[0]) if row else 0


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
        still_rejected = {payload_hash(payload) for payload, _ in report.rejections}
        replayed = [
            hash_ for hash_, _ in self._rows.get(report.resource, []) if hash_ not in still_rejected
        ]
        with connection.transaction():
            connection.execute(
                "update quarantine.rejected_rows set status = 'replayed', replayed_at = %s "
                "where source = %s and resource = %s and payload_hash = any(%s)",
                (datetime.now(UTC), self.source, report.resource, replayed),
            )
