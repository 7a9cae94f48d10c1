"""What Dagster knows of runs that ended stands in ops.runs and ops.steps, once and for good."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import psycopg
import pytest
from dagster import DagsterEventType

from orchestration.clock import RESOURCE, RunClock
from orchestration.runs import ROLE, fail_orphans, record_runs
from warehouse import Warehouse

AS_OF = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dg.asset
def alerts() -> dg.MaterializeResult[None]:
    """A load: two tables' worth of rows, of which five are written."""
    return dg.MaterializeResult(
        metadata={"received": 8, "new": 3, "changed": 1, "deleted": 1, "unchanged": 4, "bytes": 700}
    )


@dg.asset(deps=[alerts])
def summary(context: dg.AssetExecutionContext, clock: RunClock) -> None:
    """A step about the run's moment that says nothing about rows."""
    clock.moment(context)


@dg.asset(deps=[summary])
def broken() -> None:
    raise dg.Failure("this source is down")


@dg.asset(deps=[broken])
def after() -> None:
    """Never reached."""


JOBS = {
    name: dg.define_asset_job(name, selection=selection, executor_def=dg.in_process_executor)
    for name, selection in {"good": [alerts, summary], "bad": [alerts, broken, after]}.items()
}
DEFINITIONS = dg.Definitions(
    assets=[alerts, summary, broken, after],
    jobs=list(JOBS.values()),
    resources={RESOURCE: RunClock()},
)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[psycopg.Connection]:
    """As the role that writes them, which may do it."""
    with warehouse.connect(role=ROLE) as connection:
        yield connection
        connection.rollback()


def run(instance: dg.DagsterInstance, job: str, as_of: datetime | str | None = None) -> str:
    config = {"config": {"as_of": str(as_of)}} if as_of else {}
    result = DEFINITIONS.resolve_job_def(job).execute_in_process(
        instance=instance, raise_on_error=False, run_config={"resources": {RESOURCE: config}}
    )
    return str(result.run_id)


def rows(connection: psycopg.Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_a_run_is_written_with_its_moment_and_its_steps(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    run_id = run(instance, "good", AS_OF)
    record_runs(instance, connection)
    assert rows(connection, "select run_id, job, status, as_of from ops.runs") == [
        (run_id, "good", "success", AS_OF)
    ]
    assert rows(
        connection,
        "select step, status, attempts, rows_written, bytes_written from ops.steps order by step",
    ) == [("alerts", "success", 1, 5, 700), ("summary", "success", 1, None, None)]
    assert rows(
        connection,
        "select count(*) from ops.runs as run join ops.steps as step using (run_id) "
        "where run.started_at <= step.started_at and step.started_at <= step.ended_at "
        "and step.ended_at <= run.ended_at",
    ) == [(2,)]


def test_a_run_that_names_no_moment_is_about_the_one_it_was_made_in(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    run_id = run(instance, "good")
    record_runs(instance, connection)
    record = instance.get_run_record_by_id(run_id)
    assert record is not None
    made = record.create_timestamp.replace(microsecond=0)
    assert rows(connection, "select as_of from ops.runs") == [(made,)]


def test_a_run_about_no_moment_at_all_failed_when_it_was_made_and_blocks_no_other(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    run_id = run(instance, "good", "yesterday")
    run(instance, "good", AS_OF)
    record_runs(instance, connection)
    record = instance.get_run_record_by_id(run_id)
    assert record is not None
    made = record.create_timestamp.replace(microsecond=0)
    assert rows(connection, "select status, as_of from ops.runs order by ended_at") == [
        ("failure", made),
        ("success", AS_OF),
    ]


def test_a_run_without_an_end_is_left_out(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    job = DEFINITIONS.resolve_job_def("good")
    instance.create_run_for_job(job, status=dg.DagsterRunStatus.SUCCESS)
    run_id = run(instance, "good", AS_OF)
    record_runs(instance, connection)
    assert rows(connection, "select run_id from ops.runs") == [(run_id,)]


def test_a_later_run_is_found_whatever_the_sessions_time_zone(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    # the local time of a zone east of UTC, taken for UTC, is hours too late
    connection.execute("set local timezone = 'Pacific/Kiritimati'")
    for count in (1, 2):
        run(instance, "good", AS_OF)
        record_runs(instance, connection)
        assert rows(connection, "select count(*) from ops.runs") == [(count,)]


def test_a_failed_run_ends_with_the_step_that_broke(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    run(instance, "bad", AS_OF)
    record_runs(instance, connection)
    assert rows(connection, "select status from ops.runs") == [("failure",)]
    assert rows(connection, "select step, status from ops.steps order by step") == [
        ("alerts", "success"),
        ("broken", "failure"),
    ]


def test_what_was_written_before_is_not_written_again(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    run(instance, "good", AS_OF)
    record_runs(instance, connection)
    before = rows(connection, "select * from ops.runs join ops.steps using (run_id)")
    record_runs(instance, connection)
    assert rows(connection, "select * from ops.runs join ops.steps using (run_id)") == before
    run(instance, "good", AS_OF)
    record_runs(instance, connection)
    assert rows(connection, "select count(*) from ops.runs") == [(2,)]


def test_a_killed_run_is_a_failed_one_as_soon_as_dagster_says_so(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    job = DEFINITIONS.resolve_job_def("good")
    killed = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    other = instance.create_run_for_job(
        DEFINITIONS.resolve_job_def("bad"), status=dg.DagsterRunStatus.STARTED
    )
    record_runs(instance, connection)
    assert rows(connection, "select * from ops.runs") == []

    # a later run has ended in the meantime
    run(instance, "good", AS_OF)
    record_runs(instance, connection)
    fail_orphans(instance, "good")
    record_runs(instance, connection)
    found = dict(rows(connection, "select run_id, status from ops.runs"))
    assert found[killed.run_id] == "failure"
    assert other.run_id not in found
    assert len(found) == 2


def test_a_killed_run_ended_when_it_was_last_heard_of(
    instance: dg.DagsterInstance, connection: psycopg.Connection
) -> None:
    """It began at 10:00, its last step at 10:21."""
    killed = instance.create_run_for_job(DEFINITIONS.resolve_job_def("good"))
    began = datetime(2026, 3, 1, 10, tzinfo=UTC)
    for minute, type_, step in (
        (0, DagsterEventType.PIPELINE_START, None),
        (0, DagsterEventType.STEP_START, "alerts"),
        (21, DagsterEventType.STEP_START, "summary"),
    ):
        instance.report_dagster_event(
            dg.DagsterEvent(
                event_type_value=type_.value,
                job_name="good",
                step_key=step,
            ),
            killed.run_id,
            timestamp=(began + timedelta(minutes=minute)).timestamp(),
        )
    fail_orphans(instance, "good")
    record_runs(instance, connection)
    ended = began + timedelta(minutes=21)
    assert rows(connection, "select status, started_at, ended_at from ops.runs") == [
        ("failure", began, ended)
    ]
    assert rows(connection, "select step, status, ended_at from ops.steps order by step") == [
        ("alerts", "unfinished", None),
        ("summary", "unfinished", None),
    ]
