"""Reads the resources of one source slice by slice, and gives each slice to be landed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import psycopg

from ingest import recount
from ingest.contract import Key, Resource
from ingest.deletions import missing_keys, reported_keys, swept_keys
from ingest.errors import SourceError
from ingest.known import Nothing, known_in, newest_versions
from ingest.landing import MOST_ROWS, Batch, Landed, Landing
from ingest.plan import RECOUNT_EVERY, State, Task, is_due, landed, tasks
from ingest.progress import Progress, Say
from ingest.report import LoadReport
from ingest.source import Source
from ingest.spool import Met, Spool
from ingest.window import Window

FEWEST_DISBELIEVED = 10


class Reading:
    """One load of one source; `connection` is only read from, rows are written by `landing`."""

    def __init__(
        self,
        source: Source,
        connection: psycopg.Connection,
        landing: Landing,
        as_of: datetime,
        horizon: datetime,
        say: Say | None,
        allow_shrink: bool,
    ) -> None:
        self.source = source
        self.connection = connection
        self.landing = landing
        self.as_of = as_of
        self.horizon = horizon
        self.say = say
        self.allow_shrink = allow_shrink
        self._is_trusted = True
        self._batch = Batch()

    def read(self, resource: Resource) -> list[LoadReport]:
        """Everything that is due of a resource; at least one report.

        Raises:
            SourceError: see `ingest.pipeline.load`.
        """
        state = self._before(resource)
        if reason := self.source.unavailable(resource):
            return [self._skip(resource, state, reason)]
        due = tasks(resource, state, self.horizon)
        if not due:
            return [self._skip(resource, state, "not due yet")]
        reports: list[LoadReport] = []
        for task in due:
            if reports:
                # the overlap of the next window is compared with what has landed
                self.finish()
            slices, state = self._task(resource, task, state)
            reports += slices
        if resource.recount and is_due("recounted", RECOUNT_EVERY, state, self.horizon):
            reports += self._recount(resource, state, is_first=due[0].window.is_backfill)
        return reports

    def distrust(self) -> None:
        """The source has lost rows: from now on nothing is taken for deleted, no cursor moves.

        What this load has found to be gone and not yet given to land has the same cause. What is
        new lands all the same, and its window is read again by the next load.
        """
        self._is_trusted = False
        self._batch.slices = [slice_ for slice_ in self._batch.slices if not slice_.report.deleted]
        for slice_ in self._batch.slices:
            slice_.state = self._before(slice_.resource)

    def finish(self) -> None:
        """Until everything has landed."""
        self._close_batch()
        self.landing.wait()

    def _task(self, resource: Resource, task: Task, state: State) -> tuple[list[LoadReport], State]:
        progress = self._progress(resource, task.window)
        parts = list(self.source.slices(resource, task.window))
        met = Met()
        reports = []
        for part in parts:
            is_last = part is parts[-1]
            state = landed(resource, state, task, part, is_last)
            if is_last and not task.is_past and self._is_sweep_due(resource, state):
                state = state | {"swept": part.end.isoformat()}
            met = Met() if resource.is_dated else met
            reports.append(self._slice(resource, task, part, is_last, state, met, progress))
        return reports, state

    def _slice(
        self,
        resource: Resource,
        task: Task,
        part: Window,
        is_last: bool,
        state: State,
        met: Met,
        progress: Progress,
    ) -> LoadReport:
        if any(slice_.resource is resource for slice_ in self._batch.slices):
            self._close_batch()
        report = LoadReport(self._batch.load_id, self.source.name, resource.name, self.as_of, part)
        known = known_in(self.connection, self.source.name, resource, part)
        path = self.landing.folder / f"{self._batch.load_id}_{resource.name}.csv"
        with Spool(resource, report, known, path, met, task.window.end) as spool:
            for page in self.source.read(resource, part):
                before = report.received
                spool.add(page)
                progress.add(report.received - before)
            _believe(report, task)
            if is_last and resource.kind == "entity":
                gone = self._gone(resource, task, met)
                met.gone.update(gone)
                spool.delete(newest_versions(self.connection, self.source.name, resource, gone))
        self.connection.rollback()
        if resource.is_dated or is_last:
            report.source_count = self.source.count(resource, part)
        if not self._is_trusted:
            state = self._before(resource)
        self._batch.slices.append(Landed(resource, report, path, state, met))
        if not is_last or self._batch.rows >= MOST_ROWS:
            self._close_batch()
        return report

    def _gone(self, resource: Resource, task: Task, met: Met) -> Iterable[Key]:
        """Keys to be marked as deleted, each once."""
        connection = self.connection
        # whose row it is that has a broken key nobody knows, so nobody knows what is absent
        is_whole = None not in met.rejected
        if task.is_listing and not is_whole and self.say:
            self.say(
                f"{self.source.name}.{resource.name}: a row without a readable key came, so no "
                "deleted row was looked for: see quarantine.rejected_rows, mend it at the source"
            )
        if task.is_listing and self._is_trusted and is_whole:
            listed = {*met.versions, *(key for key in met.rejected if key is not None)}
            return missing_keys(connection, self.source.name, resource, listed, self.allow_shrink)
        if task.window.is_backfill or task.is_past or not self._is_trusted:
            return []
        gone = reported_keys(self.source, resource, task.window, met.versions)
        if self._is_sweep_due(resource, self._before(resource)):
            gone += swept_keys(connection, self.source, resource, self.allow_shrink)
        return dict.fromkeys(gone)

    def _is_sweep_due(self, resource: Resource, state: State) -> bool:
        every = resource.sweep_every
        return every is not None and is_due("swept", every, state, self.horizon)

    def _recount(self, resource: Resource, state: State, is_first: bool) -> list[LoadReport]:
        """Read hours again that differ; a first load has just read them."""
        end = self.horizon - resource.margin - resource.overlap
        parts: list[Window] = []
        if not is_first:
            self.finish()
            windows = recount.differing_windows(self.connection, self.source, resource, end)
            self.connection.rollback()
            parts = [part for window in windows for part in self.source.slices(resource, window)]
        recounted = state | {"recounted": self.horizon.isoformat()}
        if not parts:
            self._remember(resource, recounted)
        progress = self._progress(resource, Window(None, end))
        reports = []
        for part in parts:
            is_last = part is parts[-1]
            task = Task(Window(part.start, end))
            # a load that ends in between leaves the rest due
            after = recounted if is_last else state
            reports.append(self._slice(resource, task, part, is_last, after, Met(), progress))
        return reports

    def _remember(self, resource: Resource, state: State) -> None:
        """Let the newest slice of a resource carry a later state."""
        for slice_ in self._batch.slices:
            if slice_.resource is resource:
                slice_.state = state
                return
        self._skip(resource, state, "")

    def _skip(self, resource: Resource, state: State, reason: str) -> LoadReport:
        """Nothing is read, but the table exists after the load, and the state is kept."""
        window = Window(self.horizon, self.horizon)
        report = LoadReport(
            self._batch.load_id, self.source.name, resource.name, self.as_of, window
        )
        report.skipped = reason or None
        path = self.landing.folder / f"{self._batch.load_id}_{resource.name}.csv"
        met = Met()
        with Spool(resource, report, Nothing(), path, met, window.end):
            pass
        # a heading without rows
        report.bytes = 0
        self.connection.rollback()
        self._batch.slices.append(Landed(resource, report, path, state, met))
        return report

    def _before(self, resource: Resource) -> State:
        """The state that the last load left."""
        return dict(self.landing.states.get(resource.name, {}))

    def _progress(self, resource: Resource, window: Window) -> Progress:
        return Progress(
            f"{self.source.name}.{resource.name}",
            self.say,
            lambda: self.source.count(resource, window),
        )

    def _close_batch(self) -> None:
        batch, self._batch = self._batch, Batch()
        self.landing.land(batch)


def _believe(report: LoadReport, task: Task) -> None:
    """A resource whose every row is broken is another version of the source, not bad rows.

    In a short window the few rows that changed may be broken by themselves.
    """
    is_short = task.window.start is not None and report.received < FEWEST_DISBELIEVED
    if report.received and not report.accepted and not is_short:
        raise SourceError(
            report.source,
            f"all {report.received} rows of {report.resource} break the contract "
            f"({report.rejections[0].cause}): nothing was loaded, "
            f"`python -m ingest check {report.source}` tells whether its version is supported",
        )
