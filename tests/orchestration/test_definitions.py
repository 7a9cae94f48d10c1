"""Every asset is in one graph, from the source to the mart."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest

from ingest.sources import SOURCES
from warehouse import Warehouse

ANOMALIES = ("infrastructure_anomaly", "network_anomaly", "security_anomaly")


@pytest.fixture(scope="module")
def defs(warehouse: Warehouse) -> Iterator[dg.Definitions]:
    from orchestration.dbt_project import connect_dbt, prepare

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        connect_dbt(warehouse)
        prepare(datetime(2026, 3, 1, tzinfo=UTC))
        from orchestration import definitions

        yield definitions.defs


def upstream(graph: dg.AssetGraph, key: dg.AssetKey) -> set[dg.AssetKey]:
    found: set[dg.AssetKey] = set()
    waiting = {key}
    while waiting:
        waiting = {parent for one in waiting for parent in graph.get(one).parent_keys} - found
        found |= waiting
    return found


def test_a_mart_descends_from_every_source_that_feeds_it(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    mart = dg.AssetKey(["marts", "infrastructure_summary_daily"])
    ancestors = upstream(graph, mart)
    assert {
        dg.AssetKey(["raw_prometheus", "host_hourly"]),
        dg.AssetKey(["raw_netbox", "devices"]),
        dg.AssetKey(["raw_thehive", "cases"]),
        dg.AssetKey(["features", "feat_infra_hourly"]),
        dg.AssetKey(["predictions", "anomaly_scores"]),
        dg.AssetKey(["predictions", "prediction_outcomes"]),
    } <= ancestors


def test_every_raw_table_is_an_asset_and_no_dbt_source_is_left_outside(
    defs: dg.Definitions,
) -> None:
    graph = defs.resolve_asset_graph()
    raw = {
        dg.AssetKey([f"raw_{kind.name}", resource.name])
        for kind in SOURCES.values()
        for resource in kind.resources
    }
    assert raw <= graph.materializable_asset_keys
    outside = {
        key
        for key in graph.get_all_asset_keys() - graph.materializable_asset_keys
        if key.path[0].startswith("raw_") or key.path[0] == "predictions"
    }
    assert not outside


def test_versions_are_trained_at_night_as_of_the_hour(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("at_night")
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("0 2 * * *", "UTC")
    two = datetime(2026, 3, 1, 2, tzinfo=UTC)
    with dg.build_schedule_context(scheduled_execution_time=two) as context:
        request = schedule(context)
    assert isinstance(request, dg.RunRequest)
    assert request.run_config == {"resources": {"clock": {"config": {"as_of": two.isoformat()}}}}
    trained = defs.resolve_job_def("retrain_daily").asset_layer.executable_asset_keys
    names = {key.path[-1] for key in trained if key.path[0] == "models"}
    capacities = {f"capacity_{resource}" for resource in ("cpu", "mem", "disk", "net")}
    assert names == {*ANOMALIES, "device_incident_7d", *capacities}
    assert {key.path[-1] for key in trained if key.path[0] == "challenges"} == names
    assert dg.AssetKey(["raw_prometheus", "host_hourly"]) in trained
    assert not [key for key in trained if key.path[0] == "marts"]


def test_outcomes_wait_for_no_challenger_and_challenges_for_outcomes(
    defs: dg.Definitions,
) -> None:
    graph = defs.resolve_asset_graph()
    said, judged = (
        dg.AssetKey(["predictions", name]) for name in ("shadow_predictions", "challenges")
    )
    outcomes = {
        **dict.fromkeys(ANOMALIES, "prediction_outcomes"),
        "device_incident_7d": "incident_outcomes",
        **{f"capacity_{name}": "forecast_outcomes" for name in ("cpu", "mem", "disk", "net")},
    }
    for model, table in outcomes.items():
        shadow, comparison = (dg.AssetKey([kind, model]) for kind in ("shadow", "challenges"))
        # no reader sees what is said in shadow
        assert graph.get(shadow).child_keys == {comparison, said}
        assert graph.get(comparison).parent_keys == {shadow, dg.AssetKey(["predictions", table])}
        assert graph.get(comparison).child_keys == {judged}
    assert len(graph.get(judged).parent_keys) == len(outcomes)
    assert not graph.get(said).child_keys


def test_scores_wait_for_the_promotion_gate(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    gates = [
        key
        for key in graph.asset_check_keys
        if key.asset_key in {dg.AssetKey(["models", name]) for name in ANOMALIES}
        and "champion" in key.name
    ]
    assert len(gates) == len(ANOMALIES)
    scores = graph.get(dg.AssetKey(["predictions", "anomaly_scores"]))
    for gate in gates:
        assert graph.get(gate).blocking
        assert gate.asset_key in scores.parent_keys


def test_scores_of_interfaces_and_agents_reach_the_marts_of_their_subject(
    defs: dg.Definitions,
) -> None:
    graph = defs.resolve_asset_graph()
    for mart in ("network_metrics_hourly", "security_metrics_daily"):
        ancestors = upstream(graph, dg.AssetKey(["marts", mart]))
        assert dg.AssetKey(["predictions", "anomaly_scores"]) in ancestors
