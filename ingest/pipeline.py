"""One load of one source: frozen windows, contract, files, dlt, ledger.

Rows reach raw by one way only: checked pages become a CSV file of new versions (`ingest.spool`),
which dlt takes into its load package as it is and its loader COPYs (`ingest.landing`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from ingest import ledger
from ingest.circuit import circuit
from ingest.contract import Resource
from ingest.errors import ShrinkError, SourceError
from ingest.known import ByKey, Nothing, has_rows
from ingest.landing import ROLE, Batch, Landed, Landing
from ingest.progress import Say
from ingest.quarantine import OpenRows
from ingest.reading import Reading
from ingest.report import LoadReport, total
from ingest.source import Source
from ingest.spool import Met, Spool
from ingest.window import Window
from warehouse import Warehouse

OnResource = Callable[[LoadReport], None]


def load(
    source: Source,
    warehouse: Warehouse,
    as_of: datetime,
    on_resource: OnResource | None = None,
    say: Say | None = None,
    allow_shrink: bool = False,
    only: Collection[str] | None = None,
) -> list[LoadReport]:
    """Load the resources of a source up to `as_of` (aware UTC) and reconcile them.

    `only` names those to load, the others keep their cursors; None is all. Returns one report for
    every resource that is loaded. A process killed at any point loses nothing: what did not
    land is read again, and what landed is recognised. `on_resource` is told when a resource has
    been read, `say` how far a long one is and what a listing could not tell. `allow_shrink`
    believes a source that lost many rows.

    Raises:
        SourceError: the source cannot be read, or what it answers must not be believed.
    """
    resources = _chosen(source, only)
    with (
        warehouse.connect(role=ROLE) as connection,
        _alone(connection, source.name),
        circuit(connection, source.name, is_forced=allow_shrink),
    ):
        ledger.settle_entries(connection, source.name)
        horizon = min(as_of, source.clock())
        reports = []
        with Landing(source.name, source.resources, warehouse) as landing:
            reading = Reading(source, connection, landing, as_of, horizon, say, allow_shrink)
            shrunk: ShrinkError | None = None
            try:
                for resource in resources:
                    try:
                        report = total(reading.read(resource))
                    except ShrinkError as error:
                        # what is new still comes, alerts above all
                        shrunk = shrunk or error
                        reading.distrust()
                        continue
                    reports.append(report)
                    if on_resource:
                        on_resource(report)
            finally:
                # what was read whole lands also when the source fails later
                reading.finish()
            if shrunk is not None:
                raise shrunk
    return reports


def replay(
    source: type[Source],
    warehouse: Warehouse,
    as_of: datetime,
    on_resource: OnResource | None = None,
) -> list[LoadReport]:
    """Offer a source's open quarantined rows to the contract as it is now; load those it accepts.

    The source itself is not asked, its cursors do not move, and rows that still break stay open.
    What is accepted becomes known at `as_of` (aware UTC).
    """
    with warehouse.connect(role=ROLE) as connection, _alone(connection, source.name):
        ledger.settle_entries(connection, source.name)
        rows = OpenRows(connection, source.name)
        batch = Batch()
        with Landing(source.name, source.resources, warehouse) as landing:
            for resource in source.resources:
                report = LoadReport(
                    batch.load_id, source.name, resource.name, as_of, Window(None, as_of)
                )
                is_known = has_rows(connection, source.name, resource)
                known = ByKey(connection, source.name, resource) if is_known else Nothing()
                path, met = landing.folder / f"{resource.name}.csv", Met()
                with Spool(resource, report, known, path, met, as_of) as spool:
                    for page in rows.pages(resource):
                        spool.add(page)
                state = landing.states.get(resource.name, {})
                batch.slices.append(Landed(resource, report, path, state, met))
                if on_resource:
                    on_resource(report)
            connection.rollback()
            landing.land(batch)
            landing.wait()
        for slice_ in batch.slices:
            rows.close(connection, slice_.report)
    return [slice_.report for slice_ in batch.slices]


def _chosen(source: Source, only: Collection[str] | None) -> list[Resource]:
    """The resources of these names, in the order the source has them."""
    names = [resource.name for resource in source.resources]
    if unknown := sorted(set(only or ()).difference(names)):
        raise SourceError(
            source.name, f"it has no table {unknown[0]!r}: choose among {', '.join(names)}"
        )
    return [resource for resource in source.resources if only is None or resource.name in only]


@contextmanager
def _alone(connection: psycopg.Connection, source: str) -> Iterator[None]:
    """One load of a source at a time; the lock ends with its session, however that ends."""
    lock = ("opsmart load", source)
    row = connection.execute(
        "select pg_try_advisory_lock(hashtext(%s), hashtext(%s))", lock
    ).fetchone()
    connection.commit()
    if not (row and row[0]):
        raise SourceError(source, "another load of it is at work: wait for its end, then try again")
    try:
        yield
    finally:
        connection.rollback()
        connection.execute("select pg_advisory_unlock(hashtext(%s), hashtext(%s))", lock)
        connection.commit()
