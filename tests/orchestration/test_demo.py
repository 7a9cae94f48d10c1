"""The demo on the smallest estate: twice, as a newcomer and the day after."""

from __future__ import annotations

from datetime import datetime

from sandbox.generated.inventory import Inventory
from sandbox.generated.sizes import SIZES
from sandbox.generated.wazuh.agents import agents_on
from tests.e2e.demos import Home, relation_hashes
from tests.orchestration.conftest import FIRST

NEXT = "2026-03-01T15:00:00Z"


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


def test_the_run_stands_in_the_books(home: Home, first: str) -> None:
    with home.connect() as connection:
        runs = connection.execute(
            "select job, status, as_of from ops.runs order by ended_at limit 1"
        ).fetchall()
        assert runs == [("demo", "success", datetime.fromisoformat(FIRST))]
        told, loaded = (
            connection.execute(query).fetchone()
            for query in (
                "select sum(rows_written), sum(bytes_written) from ops.steps "
                "where step like 'load%' and run_id = "
                "(select run_id from ops.runs order by ended_at limit 1)",
                "select sum(new + changed + deleted), sum(bytes) from ops.loads "
                "where started_at <= (select min(ended_at) from ops.runs)",
            )
        )
        assert told == loaded


def test_predictions_reach_the_mart_and_every_one_has_one_outcome(home: Home, first: str) -> None:
    assert "Generated data" in first
    with home.connect() as connection:
        counts = "select model, count(*) from {} group by model order by model"
        scores, outcomes, flagged = (
            {str(model): int(count) for model, count in connection.execute(query.encode())}
            for query in (
                counts.format("predictions.anomaly_scores"),
                counts.format("predictions.prediction_outcomes"),
                counts.format("predictions.anomaly_scores where is_flagged"),
            )
        )
        assert scores == outcomes
        in_marts = connection.execute(
            "select (select sum(anomalies) from marts.infrastructure_summary_daily), "
            "(select count(*) from marts.network_metrics_hourly where is_anomaly), "
            "(select sum(anomalies) from marts.security_metrics_daily)"
        ).fetchone()
        names = ["infrastructure_anomaly", "network_anomaly", "security_anomaly"]
        assert in_marts == tuple(flagged[name] for name in names)
        champions = connection.execute(
            "select model from predictions.model_versions where model like '%anomaly' "
            "and champion_from is not null and champion_to is null order by model"
        ).fetchall()
        assert champions == [(name,) for name in names]


def test_every_forecast_of_capacity_is_told_and_has_one_outcome(home: Home, first: str) -> None:
    with home.connect() as connection:
        made, series, counted, told, unexplained = (
            (connection.execute(query).fetchone() or (None,))[0]
            for query in (
                "select count(*) from predictions.forecasts",
                "select count(distinct (device_key, resource)) from features.feat_capacity_daily",
                "select sum(forecasts) from predictions.forecast_outcome_counts",
                "select count(*) from predictions.capacity_outlook",
                "select count(*) from predictions.forecasts where yhat is null "
                "and not_scored_reason is null",
            )
        )
        assert made == counted == 30 * series > 0
        assert told == series
        assert unexplained == 0


def test_every_host_and_agent_is_the_device_it_runs_on(home: Home, first: str) -> None:
    with home.connect() as connection:
        found = connection.execute(
            "select system, external_key, device_id, method from core.bridge_device_identity "
            "left join core.dim_device using (device_key) where dim_device.is_current"
        ).fetchall()
    inventory = Inventory(1, SIZES["tiny"], datetime.fromisoformat(FIRST))
    truth = {("prometheus", f"{host.scraped_as}:9100"): host.id for host in inventory.hosts}
    truth |= {("wazuh", agent.id): agent.device.id for agent in agents_on(inventory)}
    # the manager runs on a machine that NetBox does not know
    assert {(system, key): device for system, key, device, _ in found} == {
        **truth,
        ("wazuh", "000"): None,
    }
    assert {"name", "full name", "serial", "primary address"} <= {row[3] for row in found}


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
            "select array_agg(distinct scored.hour) = array_agg(distinct measured.hour) "
            "from (select model, max(hour) as hour from predictions.anomaly_scores group by model) "
            "as scored, (select max(hour) as hour from core.fct_infrastructure) as measured"
        ).fetchone()
        assert newest == (True,)


def test_the_models_keep_their_golden_cases(home: Home, first: str) -> None:
    """dbt's unit tests, which production leaves out, on the tables the demo built."""
    printed = home.dbt("test", "--select", "test_type:unit", as_of=FIRST)
    assert "ERROR=0" in printed and "PASS=0" not in printed
