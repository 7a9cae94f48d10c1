"""What the demo prints at its end, read back from the warehouse rather than remembered."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import dagster as dg
import psycopg
from rich.console import Console
from rich.table import Table

from warehouse import Warehouse

# A fault counts as found when a flagged hour of its device lies in it or at most this much later.
FOUND_WITHIN = timedelta(hours=2)
HOUR = timedelta(hours=1)
LOG_WIDTH = 120
# the rate of a handful of rows says nothing
LEAST_ROWS_OF_A_RATE = 1000


class _Path(NamedTuple):
    """A source's main rows, followed from raw to the model that must hold every one of them."""

    source: str
    resource: str
    raw_rows: str
    model: str
    model_rows: str


def _entity(table: str) -> str:
    return (
        f"select count(*) from (select distinct on (id) _deleted_at from {table} "  # noqa: S608
        "order by id, _known_at desc, _load_id desc) as newest where _deleted_at is null"
    )


def _count(table: str) -> str:
    return f"select count(*) from {table}"  # noqa: S608


_PATHS = (
    _Path(
        "netbox",
        "devices",
        _entity("raw_netbox.devices"),
        "dim_device",
        f"{_count('core.dim_device')} where is_current and not is_deleted and source = 'netbox'",
    ),
    _Path(
        "wazuh",
        "alerts",
        _count("raw_wazuh.alerts"),
        "fct_security_alerts",
        _count("core.fct_security_alerts"),
    ),
    _Path(
        "thehive",
        "cases",
        _entity("raw_thehive.cases"),
        "fct_incidents",
        "select coalesce(sum(cases), 0) from core.fct_incidents",
    ),
    _Path(
        "odoo", "tickets", _entity("raw_odoo.tickets"), "fct_tickets", _count("core.fct_tickets")
    ),
    _Path(
        "prometheus",
        "host_hourly",
        "select count(distinct (hour, instance)) from raw_prometheus.host_hourly",
        "fct_infrastructure",
        _count("core.fct_infrastructure"),
    ),
)

_NEWEST_LOAD = """
    select coalesce(sum(received), 0), coalesce(sum(accepted), 0), coalesce(sum(rejected), 0)
    from ops.loads
    where source = %(source)s and started_at >= %(began_at)s
"""
_RATES = """
    select source || '.' || resource, sum(received), sum(read_seconds)
    from ops.loads
    where started_at >= %(began_at)s
    group by source, resource
    having sum(received) >= %(least)s
    order by sum(received) desc
"""
_RECONCILIATION = """
    select source_count = raw_count + quarantined + duplicates
    from ops.reconciliation
    where source = %(source)s and resource = %(resource)s
    order by load_id desc
    limit 1
"""
_SCORED = """
    select count(score), count(*) - count(score), count(*) filter (where is_flagged),
           min(hour), max(hour)
    from predictions.anomaly_scores
    where model = %(model)s
"""
_MEASURED = (
    "select exists (select from predictions.anomaly_scores where model = 'infrastructure_anomaly')"
)
_WORST_DAYS = "select * from marts.infrastructure_summary_daily order by anomalies desc limit 10"
_LAST_DAYS = "select * from marts.ticket_metrics_daily order by date_day desc limit 10"
# the hours flagged of the devices a model looks at, null of one where none was
_FLAGGED_HOURS = """
    select d.device_id, s.hour
    from (
        select device_key, array_agg(hour) filter (where is_flagged) as hours
        from predictions.anomaly_scores
        where model = %(model)s and score is not null
        group by device_key
    ) as scored
    join core.dim_device as d on d.device_key = scored.device_key and d.is_current
    left join unnest(scored.hours) as s (hour) on true
"""
# what each model of anomalies looks at, an hour at a time
_LOOKED_AT = {
    "infrastructure_anomaly": "device",
    "network_anomaly": "interface",
    "security_anomaly": "agent",
}


def show(
    warehouse: Warehouse,
    instance: dg.DagsterInstance,
    run_id: str,
    faults: list[dict[str, Any]],
    began_at: datetime,
) -> None:
    """Print rows per source, anomalies, time per stage and what to open next.

    `faults` are the injected faults of a generated world, empty for real data; `began_at` is when
    the demo began (aware UTC).
    """
    # a log file has no width of its own
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    console.print()
    with warehouse.connect() as connection:
        console.print(_rows(connection, began_at))
        console.print(_rates(connection, began_at))
        console.print(*_anomalies(connection, faults), sep="\n")
        (is_measured,) = _row(connection, _MEASURED)
        next_query = _WORST_DAYS if is_measured else _LAST_DAYS
    console.print(_times(instance, run_id, (datetime.now(UTC) - began_at).total_seconds()))
    console.print(
        f"Next, on data set {warehouse.dataset!r}:",
        "  make dev     the asset graph, every run and check, on http://127.0.0.1:3000",
        "  make docs    what every table and column means",
        "  .venv/bin/python -m warehouse sql \\",
        f'    "{next_query}"',
        sep="\n",
    )


def _rows(connection: psycopg.Connection, began_at: datetime) -> Table:
    table = Table(
        title="Rows of this load, and all rows so far from raw to fact", title_justify="left"
    )
    for heading in ("source", "received", "accepted", "rejected", "", "raw", "fact", "", "adds up"):
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for path in _PATHS:
        names = {"source": path.source, "resource": path.resource, "began_at": began_at}
        received, accepted, rejected = _row(connection, _NEWEST_LOAD, names)
        (agrees,) = _row(connection, _RECONCILIATION, names)
        (raw,) = _row(connection, path.raw_rows)
        (fact,) = _row(connection, path.model_rows)
        problems = [
            text
            for text, is_wrong in (
                ("received != accepted + rejected", received != accepted + rejected),
                ("the source counts otherwise", not agrees),
                ("raw != fact", raw != fact),
            )
            if is_wrong
        ]
        table.add_row(
            path.source,
            *(f"{int(count):,}" for count in (received, accepted, rejected)),
            path.resource,
            *(f"{int(count):,}" for count in (raw, fact)),
            path.model,
            "yes" if not problems else "NO: " + ", ".join(problems),
        )
    return table


_NUMBERS = {"received", "accepted", "rejected", "raw", "fact"}


def _rates(connection: psycopg.Connection, began_at: datetime) -> Table:
    """How fast the larger resources were read: asked for, checked and written to their file."""
    table = Table(title="Speed of reading", title_justify="left")
    for heading in ("resource", "rows", "rows/s"):
        table.add_column(heading, justify="left" if heading == "resource" else "right")
    parameters = {"began_at": began_at, "least": LEAST_ROWS_OF_A_RATE}
    for name, received, seconds in connection.execute(_RATES, parameters):
        table.add_row(name, f"{int(received):,}", f"{float(received) / seconds:,.0f}")
    return table


def _anomalies(connection: psycopg.Connection, faults: list[dict[str, Any]]) -> Iterator[str]:
    for model, entity in _LOOKED_AT.items():
        yield from _anomalies_of(connection, model, entity, faults)
    if faults:
        yield "Generated data: this proves the plumbing, not the skill."
    else:
        yield "Real data without labels: whether a flag is right only outcomes will tell."


def _anomalies_of(
    connection: psycopg.Connection, model: str, entity: str, faults: list[dict[str, Any]]
) -> Iterator[str]:
    names = {"model": model}
    scored, not_scored, flagged, first, last = _row(connection, _SCORED, names)
    if first is None:
        yield f"Anomalies: no hour of any {entity} is scored."
        return
    yield (
        f"Anomalies: {flagged:,} of {scored:,} {entity}-hours flagged "
        f"({not_scored:,} not scored, each with its reason), {first:%Y-%m-%d} to {last:%Y-%m-%d}."
    )
    flags: dict[int, list[datetime]] = {}
    for device_id, hour in connection.execute(_FLAGGED_HOURS, names):
        flags.setdefault(device_id, []).extend([] if hour is None else [hour])
    in_time = [fault for fault in faults if fault["device_id"] in flags and _end(fault) > first]
    found = sum(
        any(
            _moment(fault["started_at"]) - HOUR < hour <= _end(fault)
            for hour in flags[fault["device_id"]]
        )
        for fault in in_time
    )
    if faults:
        yield f"They hit {found} of {len(in_time)} faults injected there in that time."


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _end(fault: dict[str, Any]) -> datetime:
    """Until when a flag counts for a fault; one that lasts has no end yet."""
    if fault["ended_at"] is None:
        return datetime.max.replace(tzinfo=UTC)
    return _moment(fault["ended_at"]) + FOUND_WITHIN


def _times(instance: dg.DagsterInstance, run_id: str, seconds: float) -> Table:
    table = Table(title="Time", title_justify="left", show_header=False)
    table.add_column("step")
    table.add_column("seconds", justify="right")
    steps = [step for step in instance.get_run_step_stats(run_id) if step.start_time]
    for step in sorted(steps, key=lambda step: step.start_time or 0.0):
        duration = (step.end_time or 0.0) - (step.start_time or 0.0)
        table.add_row(step.step_key, f"{duration:.1f} s")
    table.add_row("everything, start and stop included", f"{seconds:.1f} s")
    return table


def _row(
    connection: psycopg.Connection, query: str, names: dict[str, Any] | None = None
) -> tuple[Any, ...]:
    row = connection.execute(query, names).fetchone()
    if row is None:
        raise LookupError("a table that every demo fills is empty: look at the lines above")
    return row
