"""``make bench NAME=warehouse``: a table, and as the last line the ratios as JSON.

Works on a data set that a demo has loaded (`make demo SIZE=seed`) and leaves it a day older.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import psycopg
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.warehouse.arrivals import load_until
from benchmarks.warehouse.builds import Build, Builder
from benchmarks.warehouse.dashboards import Timing, percentile, timings
from orchestration.dbt_project import connect_dbt
from warehouse import Warehouse, WarehouseError

SLOWEST = 15
# What a build of the largest fact cannot be faster than: writing as many bytes once.
LIMIT = "create temporary table copied as select * from core.fct_infrastructure"

Dataset = Annotated[str, typer.Option(help="The data set to build, loaded by a demo before.")]


def main(dataset: Dataset = "seed") -> None:
    """Build everything, then nothing, then one more day; then ask the marts as dashboards do."""
    warehouse = Warehouse.current(dataset)
    warehouse.start()
    warehouse.setup()
    connect_dbt(warehouse)
    as_of = _as_of(warehouse)
    a_day_later = as_of + timedelta(days=1)
    console = Console(width=110)
    builder = Builder()
    try:
        console.print(f"full build as of {as_of}")
        full = builder.run(as_of, full_refresh=True)
        console.print(f"{full.seconds:.1f} s; now with nothing new")
        empty = builder.run(as_of)
        console.print(f"{empty.seconds:.1f} s; now one more day, which has to be loaded first")
        load_until(warehouse, a_day_later)
        day = builder.run(a_day_later)
    finally:
        builder.close()
    with warehouse.connect() as connection:
        sizes = _sizes(connection)
        limit = _seconds(connection, LIMIT)
        connection.rollback()
    with warehouse.connect("opsmart_reader") as connection:
        queries = timings(connection)
    console.print(_models(full, empty, day, sizes))
    console.print(_queries(queries))
    fact = next(model for model in full.models if model.name == "fct_infrastructure")
    console.print(
        f"full {full.seconds:.1f} s, empty {empty.seconds:.1f} s, a day {day.seconds:.1f} s; "
        f"fct_infrastructure took {fact.seconds:.1f} s, copying its rows {limit:.1f} s "
        f"(ratio {fact.seconds / limit:.1f})"
    )
    every = [value for query in queries for value in query.all_ms]
    ratios = {
        "increment_share_of_full": round((day.seconds - empty.seconds) / full.seconds, 4),
        "empty_increment_s": round(empty.seconds, 2),
        "mart_query_p95_ms": round(percentile(every, 0.95), 1),
    }
    print(msgspec.json.encode(ratios).decode())


def _as_of(warehouse: Warehouse) -> datetime:
    """The moment of the newest load."""
    try:
        with warehouse.connect() as connection:
            row = connection.execute("select max(as_of) from ops.loads").fetchone()
    except (psycopg.errors.UndefinedTable, WarehouseError):
        row = None
    if row is None or row[0] is None:
        raise typer.BadParameter(
            f"the data set {warehouse.dataset!r} holds no load: "
            f"run `make demo SIZE={warehouse.dataset}` first"
        )
    moment: datetime = row[0]
    return moment


def _sizes(connection: psycopg.Connection) -> dict[str, int]:
    """Bytes of every table with its indexes and partitions, by name."""
    rows = connection.execute(
        "select coalesce(parent.relname, part.relname), sum(pg_total_relation_size(part.oid)) "
        "from pg_class as part "
        "left join pg_inherits on inhrelid = part.oid "
        "left join pg_class as parent on parent.oid = inhparent "
        "where part.relkind = 'r' and part.relnamespace in "
        "('intermediate'::regnamespace, 'core'::regnamespace, 'marts'::regnamespace) "
        "group by 1"
    ).fetchall()
    return {name: int(size) for name, size in rows}


def _seconds(connection: psycopg.Connection, statement: str) -> float:
    started = time.monotonic()
    connection.execute(statement.encode())
    return time.monotonic() - started


def _models(full: Build, empty: Build, day: Build, sizes: dict[str, int]) -> Table:
    table = Table(title=f"The {SLOWEST} models that take longest")
    for heading in ("model", "full s", "rows", "MB", "empty s", "a day s", "rows of a day"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    again = {model.name: model for model in empty.models}
    later = {model.name: model for model in day.models}
    for model in sorted(full.models, key=lambda model: -model.seconds)[:SLOWEST]:
        table.add_row(
            model.name,
            f"{model.seconds:.1f}",
            f"{model.rows:,}",
            f"{sizes.get(model.name, 0) / 1e6:,.0f}",
            f"{again[model.name].seconds:.1f}",
            f"{later[model.name].seconds:.1f}",
            f"{later[model.name].rows:,}",
        )
    return table


def _queries(queries: list[Timing]) -> Table:
    table = Table(title="Dashboard queries, warm, in ms")
    for heading in ("mart", "query", "p50", "p95"):
        table.add_column(heading, justify="left" if heading in ("mart", "query") else "right")
    for query in queries:
        table.add_row(query.mart, query.query, f"{query.p50_ms:.1f}", f"{query.p95_ms:.1f}")
    return table


if __name__ == "__main__":
    typer.run(main)
