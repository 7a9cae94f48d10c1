"""Building again what is built: the same rows, and only where it was asked for."""

from __future__ import annotations

import json
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.e2e.demos import Home, relation_hashes

Days = dict[int, tuple[int, str, str]]


@pytest.fixture(scope="module")
def as_of(home: Home, first: str) -> str:
    """The moment that the warehouse shows."""
    with home.connect() as connection:
        row = connection.execute("select max(as_of) from ops.loads").fetchone()
    assert row is not None
    return str(row[0].isoformat())


@pytest.fixture(scope="module")
def by_day(home: Home, as_of: str) -> list[tuple[str, str]]:
    """Schema and name of every model that is built day by day."""
    home.dbt("parse", as_of=as_of)
    manifest = json.loads((home.folder / "dbt" / "manifest.json").read_text(encoding="utf-8"))
    return [
        (node["schema"], node["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["unique_key"] == "date_key"
    ]


def days(connection: psycopg.Connection, schema: str, name: str) -> Days:
    """Of every day its rows, a hash of them, and the transactions that wrote them."""
    rows: list[tuple[Any, ...]] = connection.execute(
        SQL(
            "select date_key, count(*), md5(string_agg(row_hash, '' order by row_hash)), "
            "string_agg(distinct written_by, ',') "
            "from (select date_key, md5(t::text) as row_hash, xmin::text as written_by "
            "from {} as t) as hashed group by date_key"
        ).format(Identifier(schema, name))
    ).fetchall()
    return {day: (count, digest, written) for day, count, digest, written in rows}


def test_days_built_again_are_the_same_and_their_neighbours_untouched(
    home: Home, as_of: str, by_day: list[tuple[str, str]]
) -> None:
    asked = {20260210, 20260211, 20260212}
    assert ("core", "fct_infrastructure") in by_day
    with home.connect() as connection:
        before = {model: days(connection, *model) for model in by_day}
        for _ in range(2):
            home.dbt(
                *("run", "--select", *(name for _, name in by_day)),
                as_of=as_of,
                rebuild_from="2026-02-10",
                rebuild_to="2026-02-12",
            )
            for model in by_day:
                after = days(connection, *model)
                assert set(after) == set(before[model])
                for day, (count, digest, written) in after.items():
                    then = before[model][day]
                    assert (count, digest) == then[:2], (model, day)
                    assert (written == then[2]) == (day not in asked), (model, day)
                before[model] = after


def test_everything_built_from_raw_again_equals_what_grew_day_by_day(
    home: Home, as_of: str
) -> None:
    schemas = ("intermediate", "core", "features", "marts")
    with home.connect() as connection:
        before = {schema: relation_hashes(connection, schema) for schema in schemas}
        home.dbt("run", "--full-refresh", as_of=as_of)
        for schema in schemas:
            after = relation_hashes(connection, schema)
            assert after.keys() == before[schema].keys()
            changed = {name for name in after if after[name] != before[schema][name]}
            assert not changed, schema


def test_a_fact_has_a_partition_for_each_of_its_months(home: Home, as_of: str) -> None:
    with home.connect() as connection:
        facts = connection.execute(
            "select relname from pg_class where relkind = 'p' "
            "and relnamespace = 'core'::regnamespace"
        ).fetchall()
        assert ("fct_infrastructure",) in facts
        for (name,) in facts:
            months, partitions, crossing = connection.execute(
                SQL(
                    "select count(distinct date_key / 100), count(distinct tableoid), "
                    "count(distinct (date_key / 100, tableoid)) from core.{}"
                ).format(Identifier(name))
            ).fetchone() or (0, 0, 0)
            assert months == partitions == crossing > 1, name
            plan = connection.execute(
                SQL("explain select * from core.{} where date_key = 20260210").format(
                    Identifier(name)
                )
            ).fetchall()
            assert sum("Scan on" in line for (line,) in plan) <= 2, plan
