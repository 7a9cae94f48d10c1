"""How the resources of one load become dlt resources that hand over finished files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dlt
import psycopg

from ingest.contract import ColumnType, Resource
from ingest.known import known_hashes, newest_versions, table_exists
from ingest.plan import Plan, State
from ingest.report import LoadReport
from ingest.spool import Spool

Progress = Callable[[LoadReport], None]
# dlt's own type for this lacks the strategy that its documentation and its loader know
_INSERT_ONLY: Any = {"disposition": "merge", "strategy": "insert-only"}
_DLT_TYPES: dict[ColumnType, str] = {
    "text": "text",
    "bigint": "bigint",
    "double": "double",
    "boolean": "bool",
    "timestamp": "timestamp",
    "json": "json",
}


class Extraction:
    """One load: its id, the folder of its files, the reports of its resources in their order."""

    def __init__(
        self,
        source: str,
        plan: Plan,
        connection: psycopg.Connection,
        as_of: datetime,
        folder: Path,
        on_resource: Progress | None,
    ) -> None:
        self.source = source
        self.plan = plan
        self.connection = connection
        self.as_of = as_of
        self.on_resource = on_resource
        # sorts by time as text, so that newer rows can be told from older ones
        self.load_id = datetime.now(UTC).strftime("%Y%m%d%H%M%S%f")
        self.folder = folder
        self.reports: list[LoadReport] = []

    def dlt_resource(self, resource: Resource) -> Any:
        """The dlt resource that reads its window when dlt extracts it."""

        def rows() -> Iterator[Any]:
            schema = f"raw_{self.source}"
            state: State = dlt.current.resource_state()
            report = self._spool(resource, state)
            # a header alone makes the table, which exists after a load even without a row
            if report.written or not table_exists(self.connection, schema, resource.name):
                path = str(self._path(resource))
                yield dlt.mark.with_file_import(path, "csv", report.written)
            self.plan.landed(resource, report.window, state)

        return dlt.resource(
            rows,
            name=resource.name,
            primary_key=list(resource.primary_key),
            columns=_dlt_columns(resource),
            write_disposition=_INSERT_ONLY,
        )

    def _spool(self, resource: Resource, state: State) -> LoadReport:
        window = self.plan.window(resource, state)
        report = LoadReport(self.load_id, self.source, resource.name, self.as_of, window)
        known = known_hashes(self.connection, self.source, resource, window.start)
        with Spool(
            resource, report, known, self._path(resource), self.plan.is_backfill(window)
        ) as spool:
            for page in self.plan.read(resource, window):
                spool.add(page)
            if self.plan.lists_everything(resource) and (missing := spool.missing()):
                spool.delete(newest_versions(self.connection, self.source, resource, missing))
        self.connection.rollback()
        self.plan.judge(report)
        self.reports.append(report)
        if self.on_resource:
            self.on_resource(report)
        return report

    def _path(self, resource: Resource) -> Path:
        return self.folder / f"{resource.name}.csv"


def _dlt_columns(resource: Resource) -> dict[str, Any]:
    keys = set(resource.primary_key)
    return {
        name: {"data_type": _DLT_TYPES[type_], "nullable": name not in keys}
        for name, type_ in resource.column_types.items()
    }
