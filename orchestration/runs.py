"""Runs and their steps out of Dagster's own database into ops.runs and ops.steps.

PostgreSQL cannot join across databases, and who pays for runs, waits for them or counts their
failures asks the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
from dagster import DagsterRunStatus, RunsFilter
from dagster._core.execution.stats import RunStepKeyStatsSnapshot, StepEventStatus

from orchestration.clock import moment_of

ROLE = "opsmart_loader"
# Dagster may write the end of a run down after the end of a later one.
LATE = timedelta(hours=1)
STATUS = {
    DagsterRunStatus.SUCCESS: "success",
    DagsterRunStatus.FAILURE: "failure",
    DagsterRunStatus.CANCELED: "canceled",
}
UNFINISHED = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]
STEP_STATUS = {
    StepEventStatus.SUCCESS: "success",
    StepEventStatus.FAILURE: "failure",
    StepEventStatus.SKIPPED: "skipped",
    StepEventStatus.IN_PROGRESS: "unfinished",
}
# What a step says it wrote, in the metadata of its assets.
WRITTEN = ("new", "changed", "deleted", "added")
# On a run whose process was killed: Dagster's end of it is when that was found out.
KILLED = "opsmart/killed"


def record_runs(instance: dg.DagsterInstance, connection: psycopg.Connection) -> None:
    """Write every finished run that ops.runs lacks, and its steps.

    A run of which Dagster does not tell when it ended is left out for as long as it does not.
    """
    newest = connection.execute("select max(ended_at) from ops.runs").fetchone()
    since = newest[0].astimezone(UTC) - LATE if newest and newest[0] else None
    finished = RunsFilter(statuses=list(STATUS), updated_after=since)
    for record in instance.get_run_records(filters=finished, ascending=True):
        ended_at = _ended_at(instance, record)
        if ended_at is not None:
            _write(instance, connection, record, ended_at)


def fail_orphans(instance: dg.DagsterInstance, job: str) -> None:
    """Tell Dagster that the in-process runs of a job that it takes for running were killed.

    Only for who knows that no such run is at work. A run launched by Dagster has a job origin.
    """
    running = RunsFilter(job_name=job, statuses=UNFINISHED)
    for record in instance.get_run_records(filters=running):
        if record.dagster_run.remote_job_origin is None:
            instance.add_run_tags(record.dagster_run.run_id, {KILLED: "true"})
            instance.report_run_failed(record.dagster_run, "The process of this run was killed.")


def _ended_at(instance: dg.DagsterInstance, record: dg.RunRecord) -> datetime | None:
    """When a run ended; of one that was killed, when it was last heard of."""
    run = record.dagster_run
    if record.end_time is None or KILLED not in run.tags:
        return _time(record.end_time)
    newest = instance.get_records_for_run(run.run_id, limit=2, ascending=False).records
    # after the report of its failure, which is the newest, comes what it said last itself
    heard = [event.timestamp for event in newest[1:]]
    return _time(heard[0] if heard else record.create_timestamp.timestamp())


def _write(
    instance: dg.DagsterInstance,
    connection: psycopg.Connection,
    record: dg.RunRecord,
    ended_at: datetime,
) -> None:
    run = record.dagster_run
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(
            "insert into ops.runs (run_id, job, status, as_of, started_at, ended_at) "
            "values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (
                run.run_id,
                run.job_name,
                STATUS[run.status],
                moment_of(record),
                _time(record.start_time),
                ended_at,
            ),
        )
        if cursor.rowcount == 0:
            return
        cursor.executemany(
            "insert into ops.steps "
            "(run_id, step, status, attempts, started_at, ended_at, rows_written, bytes_written) "
            "values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [_step(step) for step in instance.get_run_step_stats(run.run_id)],
        )


def _step(step: RunStepKeyStatsSnapshot) -> tuple[Any, ...]:
    return (
        step.run_id,
        step.step_key,
        STEP_STATUS[step.status or StepEventStatus.IN_PROGRESS],
        step.attempts or 0,
        _time(step.start_time),
        _time(step.end_time),
        _sum(_said(step, *WRITTEN)),
        _sum(_said(step, "bytes")),
    )


def _said(step: RunStepKeyStatsSnapshot, *names: str) -> Iterator[int]:
    """The whole numbers that the step's materialisations give under these names."""
    for event in step.materialization_events:
        if (materialization := event.asset_materialization) is not None:
            for name in names:
                value = materialization.metadata.get(name)
                if isinstance(value, dg.IntMetadataValue) and value.value is not None:
                    yield value.value


def _sum(numbers: Iterator[int]) -> int | None:
    """Their sum; a step that says nothing is not one that wrote nothing."""
    found = list(numbers)
    return sum(found) if found else None


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
