"""The book of every load: what was received, rejected, new, and whether the source agrees.

Entries are opened before dlt loads a package and closed when it has; a process killed in between
leaves an open entry, which the next load of the source settles by looking whether the package
landed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from ingest import drift, quarantine
from ingest.contract import Resource
from ingest.known import table_exists
from ingest.report import LoadReport

if TYPE_CHECKING:
    from ingest.landing import Landed


def open_entries(
    connection: psycopg.Connection, slices: Iterable[Landed], package_ids: Sequence[str]
) -> None:
    """Write down what a package will load, its rejected rows and its fields, in one transaction."""
    package_id = package_ids[0] if package_ids else None
    with connection.transaction(), connection.cursor() as cursor:
        for slice_ in slices:
            report = slice_.report
            if report.skipped:
                continue
            cursor.execute(
                """
                insert into ops.loads (
                    load_id, source, resource, dlt_load_id, as_of, window_start, window_end,
                    started_at, received, accepted, rejected, new, changed, unchanged, duplicate,
                    deleted, bytes, read_seconds
                ) values (
                    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
                )
                """,
                (
                    report.load_id,
                    report.source,
                    report.resource,
                    package_id,
                    report.as_of,
                    report.window.start,
                    report.window.end,
                    datetime.now(UTC),
                    report.received,
                    report.accepted,
                    report.rejected,
                    report.new,
                    report.changed,
                    report.unchanged,
                    report.duplicate,
                    report.deleted,
                    report.bytes,
                    report.seconds,
                ),
            )
            quarantine.keep(cursor, report)
            drift.write(
                cursor,
                report.source,
                slice_.resource,
                report.fields,
                report.load_id,
                report.as_of,
            )


def close_entries(connection: psycopg.Connection, load_id: str, source: str) -> None:
    """Close the entries of a load that is done, also of one that had nothing to add to raw."""
    with connection.transaction():
        connection.execute(
            "update ops.loads set finished_at = now() where load_id = %s and source = %s",
            (load_id, source),
        )


def settle_entries(connection: psycopg.Connection, source: str) -> None:
    """After a killed load: close open entries whose package landed, drop those whose did not.

    Rows of a package that never landed are read again, because its cursor did not move either.
    """
    packages = sql.Identifier(f"raw_{source}", "_dlt_loads")
    with connection.transaction():
        if not table_exists(connection, f"raw_{source}", "_dlt_loads"):
            return
        connection.execute(
            sql.SQL(
                "update ops.loads set finished_at = now() "
                "where source = %s and finished_at is null and (dlt_load_id is null "
                "or dlt_load_id in (select load_id from {} where status = 0))"
            ).format(packages),
            (source,),
        )
        connection.execute(
            "delete from ops.loads where source = %s and finished_at is null", (source,)
        )


def reconcile(connection: psycopg.Connection, resource: Resource, report: LoadReport) -> None:
    """Compare the source's own count with live raw keys and open quarantine, and write it down.

    Events and periods are compared within the window, events with what the source holds twice,
    entities as a whole. Nothing is compared where the source was not asked.
    """
    if report.source_count is None:
        return
    table = sql.Identifier(f"raw_{report.source}", resource.name)
    keys = sql.SQL(", ").join(map(sql.Identifier, resource.key))
    with connection.transaction(), connection.cursor() as cursor:
        if resource.is_dated:
            moment = sql.Identifier(resource.changed_at[0])
            distinct = sql.SQL("distinct" if resource.is_versioned else "")
            cursor.execute(
                sql.SQL(
                    "select count(*) from (select {} {} from {} where {} < %(end)s "
                    "and (%(start)s::timestamptz is null or {} >= %(start)s)) as keys"
                ).format(distinct, keys, table, moment, moment),
                {"start": report.window.start, "end": report.window.end},
            )
        else:
            cursor.execute(
                sql.SQL(
                    "select count(*) from (select distinct on ({}) _deleted_at from {} "
                    "order by {}, _known_at desc, _load_id desc) as newest "
                    "where _deleted_at is null"
                ).format(keys, table, keys)
            )
        raw_count = _only(cursor)
        if resource.is_dated:
            quarantined = len({quarantine.payload_hash(row.payload) for row in report.rejections})
        else:
            quarantined = quarantine.count_absent(connection, report.source, resource)
        cursor.execute(
            "insert into ops.reconciliation (load_id, source, resource, window_start, window_end, "
            "source_count, raw_count, quarantined, duplicates, checked_at) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (
                report.load_id,
                report.source,
                report.resource,
                report.window.start,
                report.window.end,
                report.source_count,
                raw_count,
                quarantined,
                report.duplicate if resource.kind == "event" else 0,
                datetime.now(UTC),
            ),
        )


def _only(cursor: psycopg.Cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0
