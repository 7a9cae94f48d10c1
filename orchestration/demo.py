"""The demo: from an empty folder to a prediction in a mart, on a data set of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import dagster as dg
import psycopg
import typer

from orchestration import runs, summary
from orchestration.clock import RESOURCE
from orchestration.dbt_project import RETENTION, connect_dbt, prepare
from orchestration.instance import open_instance
from orchestration.sandbox_process import injected_faults, running_sandbox
from warehouse import Warehouse

JOB = "demo"
HISTORY_DAYS = {"tiny": 45, "small": 90, "seed": 180}
# of the generated world
SCRAPE_SECONDS = 60


class Recording(NamedTuple):
    """Real data: the day after they end, how their metrics are read, and how far they go back."""

    as_of: datetime
    history_start: datetime
    scrape_seconds: int
    keep_months: int


RECORDINGS = {
    # between 2013 and 2020: the alerts, the latest of them, are of 2020-03-04
    "recorded": Recording(
        datetime(2020, 3, 5, tzinfo=UTC), datetime(2013, 6, 30, tzinfo=UTC), 300, keep_months=96
    ),
    # tickets alone, from 2010 to 2012-11-06; nothing was measured
    "helpdesk": Recording(
        datetime(2012, 11, 7, tzinfo=UTC), datetime(2012, 11, 6, tzinfo=UTC), 60, keep_months=60
    ),
}


class DemoError(RuntimeError):
    """The demo cannot go on; the message is one line."""


@dataclass(frozen=True)
class DemoData:
    """Which world the sandbox shows, and how its history is read."""

    data: str
    size: str
    as_of: datetime
    history_start: datetime
    scrape_seconds: int


def run(data: str, size: str, as_of: datetime | None) -> None:
    """Run the demo and print its summary.

    `data` is ``generated`` (of a `size`) or one of `RECORDINGS`; `as_of` (aware UTC) defaults to
    now, for recorded data to the day after they end.

    Raises:
        DemoError: a step failed; what failed was printed where it happened.
    """
    began_at = datetime.now(UTC)
    warehouse = Warehouse.current(data if data in RECORDINGS else size)
    typer.echo(f"==> PostgreSQL and the databases of data set {warehouse.dataset!r}")
    warehouse.start()
    warehouse.setup()
    warehouse.remember()
    with _alone(warehouse):
        world = _world(warehouse, data, size, as_of)
        os.environ["OPSMART_DATASET"] = warehouse.dataset
        os.environ["OPSMART_PROMETHEUS_HISTORY_START"] = world.history_start.isoformat()
        os.environ["OPSMART_PROMETHEUS_SCRAPE_SECONDS"] = str(world.scrape_seconds)
        if recording := RECORDINGS.get(data):
            for name in RETENTION:
                os.environ[f"OPSMART_{name.upper()}"] = str(recording.keep_months)
        typer.echo(f"==> the sandbox: {data} data as of {world.as_of.isoformat()}")
        with running_sandbox(
            warehouse,
            data=world.data,
            size=world.size,
            as_of=world.as_of,
            history_start=world.history_start,
        ) as base_url:
            faults = injected_faults(base_url)
            instance = open_instance(warehouse)
            runs.fail_orphans(instance, JOB)
            with _recorded(warehouse, instance):
                run_id = _materialise(warehouse, instance, world.as_of)
        summary.show(warehouse, instance, run_id, faults, began_at)


@contextmanager
def _recorded(warehouse: Warehouse, instance: dg.DagsterInstance) -> Iterator[None]:
    """Runs that ended before this one are there for its models, itself afterwards."""
    with warehouse.connect(role=runs.ROLE) as connection:
        runs.record_runs(instance, connection)
    try:
        yield
    finally:
        with warehouse.connect(role=runs.ROLE) as connection:
            runs.record_runs(instance, connection)


def _materialise(warehouse: Warehouse, instance: dg.DagsterInstance, as_of: datetime) -> str:
    """Run the job in this process, recorded in Dagster's storage like any other run."""
    connect_dbt(warehouse)
    typer.echo("==> parsing the dbt project")
    prepare(as_of)
    # only now: the assets are made of the manifest
    from orchestration.definitions import defs

    typer.echo("==> the job: sources -> raw -> dbt -> model -> marts")
    result = defs.resolve_job_def(JOB).execute_in_process(
        instance=instance,
        raise_on_error=False,
        run_config={
            "resources": {RESOURCE: {"config": {"as_of": as_of.isoformat()}}},
            "loggers": {"progress": {}},
        },
    )
    if not result.success:
        raise DemoError(
            f"the run {result.run_id} failed, see the lines above; `make dev` shows it in full"
        )
    return str(result.run_id)


def _world(warehouse: Warehouse, data: str, size: str, as_of: datetime | None) -> DemoData:
    if recording := RECORDINGS.get(data):
        return DemoData(
            data,
            size,
            as_of or recording.as_of,
            recording.history_start,
            recording.scrape_seconds,
        )
    moment = as_of or datetime.now(UTC).replace(second=0, microsecond=0)
    return DemoData(data, size, moment, history_start(warehouse, size, moment), SCRAPE_SECONDS)


def history_start(warehouse: Warehouse, size: str, as_of: datetime) -> datetime:
    """When the generated world began: the first demo decides, later ones share its past."""
    file = warehouse.dataset_dir / "history_start"
    if not file.exists():
        midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
        start = midnight - timedelta(days=HISTORY_DAYS[size])
        file.write_text(json.dumps(start.isoformat()), encoding="utf-8")
    return datetime.fromisoformat(json.loads(file.read_text(encoding="utf-8")))


@contextmanager
def _alone(warehouse: Warehouse) -> Iterator[None]:
    """One demo at a time on a data set; what a killed one left at work is ended first.

    The lock belongs to a database session, so it ends with its process.
    """
    with warehouse.connect() as connection:
        connection.autocommit = True
        row = connection.execute(
            "select pg_try_advisory_lock(hashtext('opsmart demo'), hashtext(current_database()))"
        ).fetchone()
        if not (row and row[0]):
            raise DemoError(f"another demo is at work on the data set {warehouse.dataset!r}")
        _end_orphans(connection)
        yield


def _end_orphans(connection: psycopg.Connection) -> None:
    """A killed run leaves its dbt process behind, which would go on building beside the new run."""
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity "
        "where datname = current_database() and pid <> pg_backend_pid() "
        "and backend_type = 'client backend' and application_name = 'dbt'"
    )
