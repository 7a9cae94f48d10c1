"""From finished files to committed tables: one dlt package after the other, in a thread of its own.

While a package lands, the next slice is read and checked. dlt keeps the cursors in its state, which
counts only when its package has landed whole, so a cursor never runs ahead of its data. The
warehouse is the only memory: dlt's working folder is new for every load and its state is restored
from the warehouse, so a load that was killed, or a warehouse that was restored, goes on from where
the data really end.
"""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import dlt
from dlt.pipeline.exceptions import PipelineStepFailed

from ingest import columns, indexes, ledger, quarantine
from ingest.contract import ColumnType, Resource
from ingest.errors import SourceError
from ingest.known import table_exists
from ingest.plan import State
from ingest.report import LoadReport
from ingest.spool import Met
from warehouse import Warehouse

ROLE = "opsmart_loader"
# A package is closed when it has this many rows: it then lands while the next one is read.
MOST_ROWS = 100_000
_DLT_TYPES: dict[ColumnType, str] = {
    "text": "text",
    "bigint": "bigint",
    "double": "double",
    "boolean": "bool",
    "timestamp": "timestamp",
    "json": "json",
}


@dataclass
class Landed:
    """A spooled slice: its resource, its file, and the resource's state once it has landed."""

    resource: Resource
    report: LoadReport
    path: Path
    state: State
    met: Met


@dataclass
class Batch:
    """What lands in one dlt package: at most one slice of a resource."""

    # sorts by time as text, so that newer rows can be told from older ones
    load_id: str = field(default_factory=lambda: datetime.now(UTC).strftime("%Y%m%d%H%M%S%f"))
    slices: list[Landed] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(slice_.report.written for slice_ in self.slices)


class Landing:
    """Lands the batches of one source in the order they come, each while the next is made."""

    def __init__(self, source: str, resources: Iterable[Resource], warehouse: Warehouse) -> None:
        self.source = source
        self._resources = resources
        self.folder = warehouse.dataset_dir / "loads" / source
        self._warehouse = warehouse
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"land-{source}")
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        # what a killed load left there is worth nothing
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.states: dict[str, State] = self._thread.submit(self._open).result()
        self._saved = {name: dict(state) for name, state in self.states.items()}
        # dlt and all it imports outlive the load: not to be searched for garbage as rows come
        gc.freeze()
        return self

    def __exit__(self, *exception: object) -> None:
        gc.unfreeze()
        self._thread.submit(self._close).result()
        self._thread.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)

    def land(self, batch: Batch) -> None:
        """Begin to land a batch; waits for the one before it, whose error it raises."""
        self.wait()
        if batch.slices:
            self._pending = self._thread.submit(self._land, batch)

    def wait(self) -> None:
        """Until all that was given has landed.

        Raises:
            SourceError: the warehouse refused it.
        """
        if self._pending is not None:
            pending, self._pending = self._pending, None
            pending.result()

    def _open(self) -> dict[str, State]:
        dlt.config["runtime.dlthub_telemetry"] = False
        # what goes wrong is said in one line of our own
        dlt.config["runtime.log_level"] = "CRITICAL"
        self._connection = self._warehouse.connect(role=ROLE)
        self._pipeline = dlt.pipeline(
            self.source,
            pipelines_dir=str(self.folder),
            destination=dlt.destinations.postgres(self._warehouse.url(role=ROLE)),
            dataset_name=f"raw_{self.source}",
        )
        with self._one_line_errors():
            self._pipeline.sync_destination()
        columns.ensure(self._connection, self.source, self._resources)
        # a load killed right after its first package left tables without
        indexes.ensure(self._connection, self.source, self._resources)
        sources: dict[str, Any] = self._pipeline.state.get("sources", {})
        resources: dict[str, State] = sources.get(self.source, {}).get("resources", {})
        return {name: dict(state) for name, state in resources.items()}

    def _close(self) -> None:
        self._connection.close()

    def _land(self, batch: Batch) -> None:
        connection = self._connection
        created = [
            slice_.resource
            for slice_ in batch.slices
            if not table_exists(connection, f"raw_{self.source}", slice_.resource.name)
        ]
        connection.rollback()
        with self._one_line_errors():
            if batch.rows or created or self._has_news(batch):
                packages = self._pipeline.extract(self._dlt_source(batch, created)).loads_ids
                ledger.open_entries(connection, batch.slices, packages)
                self._pipeline.normalize()
                self._pipeline.load()
            else:
                ledger.open_entries(connection, batch.slices, [])
        if created:
            indexes.ensure(connection, self.source, created)
        grown = [slice_.resource for slice_ in batch.slices if slice_.report.written]
        if grown:
            indexes.summarize(connection, self.source, grown)
        ledger.close_entries(connection, batch.load_id, self.source)
        for slice_ in batch.slices:
            self._saved[slice_.resource.name] = slice_.state
            if slice_.resource.is_versioned:
                passed = slice_.met.versions.keys() | slice_.met.gone
                quarantine.supersede(connection, slice_.report, passed)
            ledger.reconcile(connection, slice_.resource, slice_.report)
            slice_.path.unlink()

    @contextmanager
    def _one_line_errors(self) -> Iterator[None]:
        """dlt's errors run over many lines; what they began with is one."""
        try:
            yield
        except PipelineStepFailed as failure:
            cause: BaseException = failure
            while cause.__cause__ is not None:
                cause = cause.__cause__
            reason = (str(cause).strip() or type(cause).__name__).splitlines()[0]
            raise SourceError(
                self.source,
                f"the warehouse did not take the rows ({reason}): nothing is lost, load again "
                "once `python -m warehouse status` is well",
            ) from failure

    def _has_news(self, batch: Batch) -> bool:
        """Whether the state tells more than that time went by without a row."""
        return any(
            {**self._saved.get(slice_.resource.name, {}), "cursor": ""}
            != {**slice_.state, "cursor": ""}
            for slice_ in batch.slices
        )

    def _dlt_source(self, batch: Batch, created: list[Resource]) -> Any:
        @dlt.source(name=self.source, max_table_nesting=0)
        def files() -> Any:
            return [_dlt_resource(slice_, slice_.resource in created) for slice_ in batch.slices]

        return files()


def _dlt_resource(slice_: Landed, is_new: bool) -> Any:
    """The dlt resource that hands over a finished file and the state that belongs to it."""
    resource = slice_.resource
    keys = set(resource.primary_key)
    hints: dict[str, Any] = {
        name: {"data_type": _DLT_TYPES[type_], "nullable": name not in keys}
        for name, type_ in resource.column_types.items()
    }

    def rows() -> Iterator[Any]:
        dlt.current.resource_state().update(slice_.state)
        # a header alone makes the table, which exists after a load even without a row
        if slice_.report.written or is_new:
            yield dlt.mark.with_file_import(str(slice_.path), "csv", slice_.report.written)

    return dlt.resource(
        rows,
        name=resource.name,
        primary_key=list(resource.primary_key),
        columns=hints,
        write_disposition="append",
    )
