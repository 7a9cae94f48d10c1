"""One load of one source: frozen windows, contract, dlt, ledger.

Rows reach raw by one way only: checked pages become a CSV file of new versions, which dlt takes
into its load package as it is and its loader COPYs (``dlt.mark.with_file_import``). dlt keeps the
cursors in its state, which lands in the same package as the rows, so a cursor never runs ahead of
its data. The warehouse is the only memory: dlt's working folder is new for every load and its state
is restored from the warehouse, so a load that was killed, or a warehouse that was restored, is
simply read again from where the data really end.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import dlt
import psycopg
from dlt.pipeline.exceptions import PipelineStepFailed

from ingest import ledger
from ingest.errors import SourceError
from ingest.extraction import Extraction, Progress
from ingest.plan import Plan, ReplayPlan, SourcePlan
from ingest.quarantine import OpenRows
from ingest.report import LoadReport
from ingest.source import Source
from warehouse import Warehouse

ROLE = "opsmart_loader"


def load(
    source: Source, warehouse: Warehouse, as_of: datetime, on_resource: Progress | None = None
) -> list[LoadReport]:
    """Load every resource of a source up to `as_of` (aware UTC) and reconcile it.

    A process killed at any point loses nothing: what did not land whole is read again, and what
    landed is recognised.

    Raises:
        SourceError: the source cannot be read, or what it answers must not be believed.
    """
    with warehouse.connect(role=ROLE) as connection:
        ledger.settle_entries(connection, source.name)
        plan = SourcePlan(source, min(as_of, source.clock()))
        reports = _run(type(source), plan, warehouse, connection, as_of, on_resource)
        for resource, report in zip(source.resources, reports, strict=True):
            ledger.reconcile(connection, resource, report, source.count(resource, report.window))
    return reports


def replay(
    source: type[Source],
    warehouse: Warehouse,
    as_of: datetime,
    on_resource: Progress | None = None,
) -> list[LoadReport]:
    """Offer a source's open quarantined rows to the contract as it is now; load those it accepts.

    The source itself is not asked, its cursors do not move, and rows that still break stay open.
    """
    with warehouse.connect(role=ROLE) as connection:
        ledger.settle_entries(connection, source.name)
        rows = OpenRows(connection, source.name)
        plan = ReplayPlan(rows, as_of)
        reports = _run(source, plan, warehouse, connection, as_of, on_resource)
        for report in reports:
            rows.close(connection, report)
    return reports


def _run(
    source: type[Source],
    plan: Plan,
    warehouse: Warehouse,
    connection: psycopg.Connection,
    as_of: datetime,
    on_resource: Progress | None,
) -> list[LoadReport]:
    """Extract all resources into one package, write the ledger, load the package."""
    with _working_folder(warehouse.dataset_dir / "loads" / source.name) as folder:
        pipeline = dlt.pipeline(
            source.name,
            pipelines_dir=str(folder),
            destination=dlt.destinations.postgres(warehouse.url(role=ROLE)),
            dataset_name=f"raw_{source.name}",
        )
        pipeline.sync_destination()
        extraction = Extraction(source.name, plan, connection, as_of, folder, on_resource)

        @dlt.source(name=source.name, max_table_nesting=0)
        def dlt_source() -> Any:
            return [extraction.dlt_resource(resource) for resource in source.resources]

        try:
            package_ids = pipeline.extract(dlt_source()).loads_ids
        except PipelineStepFailed as failure:
            raise _cause(failure) from failure
        ledger.open_entries(connection, extraction.reports, package_ids)
        pipeline.normalize()
        pipeline.load()
        ledger.close_entries(connection, extraction.load_id, source.name)
    return extraction.reports


def _cause(failure: PipelineStepFailed) -> Exception:
    """The source's own error out of dlt's wrapping, which runs over many lines."""
    cause: BaseException | None = failure
    while cause is not None and not isinstance(cause, SourceError):
        cause = cause.__cause__
    return cause or failure


@contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for one load; what a killed load left there is worth nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["runtime.log_level"] = "WARNING"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
