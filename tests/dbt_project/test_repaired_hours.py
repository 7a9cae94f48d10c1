"""An hour that was repaired in raw is repaired in the facts by their next increment."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any, LiteralString

import pytest
from dbt.cli.main import dbtRunner
from psycopg import sql

from ingest.contract import ColumnType
from ingest.landing import ROLE
from ingest.pipeline import load
from ingest.sources import SOURCES, open_source
from tests.ingest.prometheus_world import hourly
from tests.worlds import NOON, World, served
from warehouse import Warehouse
from warehouse.settings import ROOT

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TYPES: dict[ColumnType, LiteralString] = {
    "text": "text",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "timestamp": "timestamptz",
    "json": "jsonb",
}


def loaded(world: World, warehouse: Warehouse) -> None:
    with served(world) as settings, closing(open_source("prometheus", settings)) as source:
        load(source, warehouse, world.clock)


def create_tables(warehouse: Warehouse) -> None:
    """The raw tables of all sources but Prometheus, without rows."""
    with warehouse.connect(role=ROLE) as connection:
        for name, source in SOURCES.items():
            for resource in source.resources if name != "prometheus" else ():
                columns = [
                    sql.SQL("{} {}").format(sql.Identifier(column), sql.SQL(TYPES[type_]))
                    for column, type_ in resource.column_types.items()
                ]
                table = sql.Identifier(f"raw_{name}", resource.name)
                create = sql.SQL("create table {} ({})").format(table, sql.SQL(", ").join(columns))
                connection.execute(create)


def built(as_of: datetime) -> None:
    project = str(ROOT / "dbt_project")
    outcome = dbtRunner().invoke(
        [
            *("build", "--select", "+fct_infrastructure_daily", "--quiet"),
            *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
            *("--vars", json.dumps({"as_of": as_of.isoformat()})),
            *("--project-dir", project, "--profiles-dir", project),
        ]
    )
    assert outcome.success, outcome.exception


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    with warehouse.connect() as connection:
        return connection.execute(query).fetchall()


def test_a_repaired_hour_reaches_the_facts(raw: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in raw.dbt_environment().items():
        monkeypatch.setenv(name, value)
    create_tables(raw)
    day_before, hour_before = -24, -3
    samples = {day_before: 60.0, hour_before: 15.0}
    use = {day_before: 10.0, hour_before: 20.0}

    def metrics() -> dict[str, Any]:
        host = "web-01:9100"
        return {"samples": [hourly(host, samples)], "cpu_avg_pct": [hourly(host, use)]}

    world = World(metrics=metrics())
    loaded(world, raw)
    built(world.clock)
    hours = "select hour, coverage, cpu_avg_pct from core.fct_infrastructure order by hour"
    whole = (NOON + day_before * HOUR, 1.0, 10.0)
    assert rows(raw, hours) == [whole, (NOON + hour_before * HOUR, 0.25, 20.0)]

    samples[hour_before], use[hour_before] = 60.0, 24.0
    world.metrics, world.clock = metrics(), NOON + DAY + HOUR
    loaded(world, raw)
    built(world.clock)
    assert rows(raw, hours) == [whole, (NOON + hour_before * HOUR, 1.0, 24.0)]
    # the day that nothing was repaired in was left as it was
    loads = "select count(distinct _load_id), count(*) from core.fct_infrastructure"
    assert rows(raw, loads) == [(2, 2)]
    days = "select covered_hours::float8 from core.fct_infrastructure_daily order by date_key"
    assert rows(raw, days) == [(1.0,), (1.0,)]
