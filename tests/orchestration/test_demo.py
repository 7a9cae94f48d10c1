"""The demo on the smallest estate: twice, as a newcomer and the day after."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.demos import ROOT, Home, relation_hashes

FIRST, NEXT = "2026-03-01T12:00:00Z", "2026-03-01T15:00:00Z"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder: Path = tmp_path_factory.mktemp("first demo")
    yield Home(folder)
    Home(folder).clean()


@pytest.fixture(scope="module")
def first(home: Home) -> str:
    return home.demo("--size", "tiny", "--as-of", FIRST)


def test_every_source_arrives_and_adds_up(home: Home, first: str) -> None:
    assert "NO:" not in first
    for source in ("netbox", "wazuh", "thehive", "odoo", "prometheus"):
        assert f"│ {source}" in first or f" {source} " in first
    with home.connect() as connection:
        unequal = connection.execute(
            "select source, resource from ops.reconciliation "
            "where source_count <> raw_count + quarantined"
        ).fetchall()
        assert not unequal
        unfinished = connection.execute(
            "select count(*) from ops.loads where finished_at is null"
        ).fetchone()
        assert unfinished == (0,)


def test_predictions_reach_the_mart_and_every_one_has_one_outcome(home: Home, first: str) -> None:
    assert "Generated data" in first
    with home.connect() as connection:
        scores, outcomes, flagged, in_mart = (
            connection.execute(query).fetchone()
            for query in (
                "select count(*) from predictions.anomaly_scores",
                "select count(*) from predictions.prediction_outcomes",
                "select count(*) from predictions.anomaly_scores where is_flagged",
                "select sum(anomalies) from marts.infrastructure_summary_daily",
            )
        )
        assert scores == outcomes
        assert scores is not None and scores[0] > 0
        assert flagged == in_mart
        champions = connection.execute(
            "select count(*) from predictions.model_versions "
            "where champion_from is not null and champion_to is null"
        ).fetchone()
        assert champions == (1,)


def test_the_same_moment_again_changes_nothing(home: Home, first: str) -> None:
    with home.connect() as connection:
        before = {
            schema: relation_hashes(connection, schema) for schema in ("core", "features", "marts")
        }
    home.demo("--size", "tiny", "--as-of", FIRST)
    with home.connect() as connection:
        for schema, relations in before.items():
            assert relation_hashes(connection, schema) == relations
        new = connection.execute(
            "select sum(new + changed + deleted) from ops.loads as last where load_id = "
            "(select max(load_id) from ops.loads where source = last.source)"
        ).fetchone()
        assert new == (0,)


def test_a_later_moment_loads_only_what_is_new(home: Home, first: str) -> None:
    with home.connect() as connection:
        before = connection.execute("select count(*) from core.fct_infrastructure").fetchone()
    home.demo("--size", "tiny", "--as-of", NEXT)
    with home.connect() as connection:
        after = connection.execute("select count(*) from core.fct_infrastructure").fetchone()
        received = connection.execute(
            "select received, new from ops.loads where resource = 'host_hourly' "
            "order by load_id desc limit 1"
        ).fetchone()
        assert before is not None and after is not None and received is not None
        assert after[0] - before[0] == received[1] > 0
        # three new hours, and the last one read again
        assert received[0] <= 4 * 12
        # the new hours are scored too
        newest = connection.execute(
            "select (select max(hour) from predictions.anomaly_scores) "
            "= (select max(hour) from core.fct_infrastructure)"
        ).fetchone()
        assert newest == (True,)


def test_the_models_keep_their_golden_cases(home: Home, first: str) -> None:
    """dbt's unit tests, which production leaves out, on the tables the demo built."""
    exports = subprocess.run(
        home.command("warehouse", "env"),
        cwd=ROOT,
        env=home.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = dict(
        line.removeprefix("export ").split("=", 1) for line in exports.splitlines() if "=" in line
    )
    connection = {name: shlex.split(value)[0] for name, value in names.items()}
    project = str(ROOT / "dbt_project")
    done = subprocess.run(
        [
            *home.command("dbt.cli.main", "test", "--select", "test_type:unit"),
            *("--vars", json.dumps({"as_of": FIRST})),
            *("--project-dir", project, "--profiles-dir", project),
            *("--target-path", str(home.folder / "dbt"), "--log-path", str(home.folder / "dbt")),
        ],
        cwd=ROOT,
        env=home.environment | connection,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert "ERROR=0" in done.stdout and "PASS=0" not in done.stdout
